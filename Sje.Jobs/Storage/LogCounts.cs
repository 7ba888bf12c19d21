using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>What the lines of a chunk are: how many of each level, how many of stderr, where the first ones stand (from 0), from when to when.</summary>
internal readonly record struct LogCounts(
    int Errors,
    int Warns,
    int Infos,
    int Debugs,
    int Stderr,
    int? FirstError,
    int? FirstStderr,
    long? FirstMs,
    long? LastMs
)
{
    /// <summary>The columns that hold it, in the order of <see cref="Parameters"/>.</summary>
    public const string Columns =
        "error_lines, warn_lines, info_lines, debug_lines, stderr_lines, first_error, first_stderr, first_at, last_at";

    /// <summary>Counts the lines of a body.</summary>
    public static LogCounts Of(LogBody body)
    {
        using var bytes = LogBytes.Of(body);
        return Of(bytes.Span);
    }

    /// <summary>Counts lines with a break between two.</summary>
    public static LogCounts Of(ReadOnlySpan<byte> body)
    {
        var (errors, warns, infos, debugs, stderr, number) = (0, 0, 0, 0, 0, 0);
        int? firstError = null;
        int? firstStderr = null;
        long? first = null;
        long? last = null;
        foreach (var range in body.Split((byte)'\n'))
        {
            var line = StoredLine.Parse(body[range]);
            first ??= line.UnixMs;
            last = line.UnixMs ?? last;
            if (line.Stream == LogStream.Stderr)
            {
                stderr++;
                firstStderr ??= number;
            }

            switch (LineLevels.Of(line.Text))
            {
                case LineLevel.Error:
                    errors++;
                    firstError ??= number;
                    break;
                case LineLevel.Warn:
                    warns++;
                    break;
                case LineLevel.Info:
                    infos++;
                    break;
                case LineLevel.Debug:
                    debugs++;
                    break;
            }

            number++;
        }

        return new LogCounts(errors, warns, infos, debugs, stderr, firstError, firstStderr, first, last);
    }

    /// <summary>The values of <see cref="Columns"/>.</summary>
    public NpgsqlParameter[] Parameters() =>
        [
            Whole(Errors),
            Whole(Warns),
            Whole(Infos),
            Whole(Debugs),
            Whole(Stderr),
            Whole(FirstError),
            Whole(FirstStderr),
            Instant(FirstMs),
            Instant(LastMs),
        ];

    private static NpgsqlParameter Whole(int? value) =>
        new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer };

    private static NpgsqlParameter Instant(long? ms) =>
        new()
        {
            Value = ms is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.TimestampTz,
        };
}
