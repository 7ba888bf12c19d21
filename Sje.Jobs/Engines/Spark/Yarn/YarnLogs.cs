using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>
/// Copies what containers write. The NodeManager has it while they run; after the application's end it is collected, and a log server has it,
/// to which a NodeManager points. Both only give the last so many bytes of a file, between a header, which says how long the file is, and a
/// footer.
/// </summary>
/// <param name="resourceManager">The cluster.</param>
/// <param name="logServer">The log server's address, where the settings say it.</param>
/// <param name="time">Clock.</param>
internal sealed class YarnLogs(
    ResourceManagerClient resourceManager,
    Func<CancellationToken, Task<string?>> logServer,
    TimeProvider time
)
{
    private const string DriverNumber = "000001";

    // A line that grows beyond this is cut into several.
    private const int LongestLine = 256 * 1024;

    // Containers that were there and gone between two looks are found by counting on; these many numbers in a row without one are the end.
    private const int MostMisses = 5;

    private static readonly string[] Streams = ["stdout", "stderr"];
    private static readonly TimeSpan CollectionPatience = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan CollectionPause = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Copies what is new. <paramref name="positions"/> has an entry <c>container/file</c> for each file, in bytes, and one <c>container</c> with the
    /// number of the executor that runs there.
    /// </summary>
    public async Task ReadAsync(
        string id,
        IDictionary<string, long> positions,
        bool ended,
        Action<SparkLogLine> write,
        CancellationToken stop
    )
    {
        var attempts = await resourceManager.AttemptsAsync(id, stop);
        if (ended)
        {
            if (!attempts.Any(attempt => attempt.ContainerId.Length > 0))
            {
                // It never came out of its queue: there is nothing to collect, and nobody says so.
                return;
            }

            await CollectedAsync(id, stop);
            await ReadEndedAsync(attempts, positions, write, stop);
            return;
        }

        foreach (var attempt in attempts.Where(a => a is { ContainerId.Length: > 0, Node: not null }))
        {
            var at = new Uri($"{resourceManager.Address.Scheme}://{attempt.Node}/ws/v1/node/containers/");
            await ReadContainerAsync(at, attempt.ContainerId, "driver", positions, false, write, stop);
        }

        if (attempts is not [.., var last])
        {
            return;
        }

        var executors = (await resourceManager.ContainersAsync(id, last.Id, stop))
            .Where(container => container is { Node: not null } && container.Id != last.ContainerId)
            .OrderBy(container => container.Id, StringComparer.Ordinal)
            .ToList();
        if (executors.Exists(container => !positions.ContainsKey(container.Id)))
        {
            await NumberAsync(id, last.Number, positions, stop);
        }

        foreach (var container in executors)
        {
            var at = new Uri($"{resourceManager.Address.Scheme}://{container.Node}/ws/v1/node/containers/");
            await ReadContainerAsync(
                at,
                container.Id,
                SourceOf(container.Id, positions),
                positions,
                false,
                write,
                stop
            );
        }
    }

    private static string SourceOf(string container, IDictionary<string, long> positions) =>
        "executor "
        + (positions.TryGetValue(container, out var number) ? number : NumberOf(container) - 1).ToString(
            CultureInfo.InvariantCulture
        );

    private static long NumberOf(string container) =>
        long.TryParse(container[(container.LastIndexOf('_') + 1)..], CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    // The number of the container among its attempt's is all that differs between them.
    private static string Numbered(string container, long number) =>
        container[..(container.LastIndexOf('_') + 1)]
        + number.ToString(new string('0', DriverNumber.Length), CultureInfo.InvariantCulture);

    private async Task CollectedAsync(string id, CancellationToken stop)
    {
        var since = time.GetTimestamp();
        while (
            await resourceManager.FindAsync(id, stop) is { } application
            && (
                !application.IsFinal || application.LogAggregation is "NOT_START" or "RUNNING" or "RUNNING_WITH_FAILURE"
            )
            && time.GetElapsedTime(since) < CollectionPatience
        )
        {
            await Task.Delay(CollectionPause, time, stop);
        }
    }

    private async Task ReadEndedAsync(
        IReadOnlyList<YarnAttempt> attempts,
        IDictionary<string, long> positions,
        Action<SparkLogLine> write,
        CancellationToken stop
    )
    {
        List<Uri> places = [];
        if (
            await logServer(stop) is { Length: > 0 } server
            && Uri.TryCreate(server.TrimEnd('/') + "/containers/", UriKind.Absolute, out var url)
        )
        {
            places.Add(url);
        }

        foreach (var attempt in attempts.Where(a => a.ContainerId.Length > 0))
        {
            List<Uri> here =
            [
                .. places,
                .. attempt.Node is { } node
                    ? [new Uri($"{resourceManager.Address.Scheme}://{node}/ws/v1/node/containers/")]
                    : Array.Empty<Uri>(),
            ];
            await ReadFirstAsync(here, attempt.ContainerId, "driver", positions, write, stop);
            var prefix = attempt.ContainerId[..(attempt.ContainerId.LastIndexOf('_') + 1)];
            var highest = positions
                .Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(key => NumberOf(key.Split('/')[0]))
                .DefaultIfEmpty(0)
                .Max();
            var first = NumberOf(attempt.ContainerId);
            for (var (number, misses) = (first + 1, 0); misses < MostMisses || number <= highest; number++)
            {
                var container = Numbered(attempt.ContainerId, number);
                var found = await ReadFirstAsync(
                    here,
                    container,
                    SourceOf(container, positions),
                    positions,
                    write,
                    stop
                );
                misses = found ? 0 : misses + 1;
            }
        }
    }

    private async Task<bool> ReadFirstAsync(
        IEnumerable<Uri> places,
        string container,
        string source,
        IDictionary<string, long> positions,
        Action<SparkLogLine> write,
        CancellationToken stop
    )
    {
        foreach (var place in places)
        {
            if (await ReadContainerAsync(place, container, source, positions, true, write, stop))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> ReadContainerAsync(
        Uri place,
        string container,
        string source,
        IDictionary<string, long> positions,
        bool ended,
        Action<SparkLogLine> write,
        CancellationToken stop
    )
    {
        var lengths = await LengthsAsync(new Uri(place, $"{container}/logs"), stop);
        foreach (var (file, length) in lengths.Where(l => Streams.Contains(l.Key)).OrderByDescending(l => l.Key))
        {
            var key = $"{container}/{file}";
            var from = positions.TryGetValue(key, out var known) ? known : 0;
            if (length > from)
            {
                var stream = file == "stdout" ? LogStream.Stdout : LogStream.Stderr;
                positions[key] = await CopyAsync(
                    new Uri(place, $"{container}/logs/{file}"),
                    from,
                    length,
                    ended,
                    text => write(new SparkLogLine(source, stream, text)),
                    stop
                );
            }
            else
            {
                positions[key] = from;
            }
        }

        return lengths.Count > 0;
    }

    private async Task<Dictionary<string, long>> LengthsAsync(Uri list, CancellationToken stop)
    {
        var lengths = new Dictionary<string, long>(StringComparer.Ordinal);
        using var response = await resourceManager.OpenAsync(resourceManager.WithUser(list), stop);
        if (response is null)
        {
            return lengths;
        }

        JsonNode? json;
        try
        {
            json = JsonNode.Parse(await response.Content.ReadAsStringAsync(stop));
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            return lengths;
        }

        foreach (var part in (json is JsonArray ? json : json?["containerLogsInfo"]).Items())
        {
            foreach (var file in ((part["containerLogsInfo"] ?? part)["containerLogInfo"]).Items())
            {
                if (file.Text("fileName") is { } name && file.Number("fileSize") is { } size)
                {
                    lengths[name] = Math.Max(size, lengths.GetValueOrDefault(name));
                }
            }
        }

        return lengths;
    }

    /// <summary>Copies a file from a byte on, and returns the byte to go on from: after the last line that is complete.</summary>
    private async Task<long> CopyAsync(
        Uri file,
        long from,
        long length,
        bool ended,
        Action<string> line,
        CancellationToken stop
    )
    {
        // It may have grown since its length was asked for, and what comes is counted from its end.
        for (var tries = 0; tries < 5; tries++)
        {
            var wanted = length - from;
            using var response = await resourceManager.OpenAsync(
                resourceManager.WithUser(
                    new Uri(file.AbsoluteUri + "?size=" + (-wanted).ToString(CultureInfo.InvariantCulture))
                ),
                stop
            );
            if (response is null)
            {
                return from;
            }

            try
            {
                await using var stream = await response.Content.ReadAsStreamAsync(stop);
                var reader = new ByteLines(stream);
                if (await reader.ReadHeaderAsync(stop) is not { } now)
                {
                    return from;
                }

                var comes = Math.Min(wanted, now);
                if (now - comes > from)
                {
                    length = now;
                    continue;
                }

                await reader.SkipAsync(from - (now - comes), stop);
                return from + await reader.ReadLinesAsync(now - from, ended, line, stop);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                throw new SparkClusterUnavailableException($"{file.Authority} broke off: {e.Message}", e);
            }
        }

        return from;
    }

    /// <summary>Asks the driver which executor runs in which container.</summary>
    private async Task NumberAsync(string id, int attempt, IDictionary<string, long> positions, CancellationToken stop)
    {
        using var response = await resourceManager.OpenAsync(
            new Uri(
                resourceManager.Address,
                $"proxy/{id}/api/v1/applications/{id}/{attempt.ToString(CultureInfo.InvariantCulture)}/allexecutors"
            ),
            stop
        );
        if (response is null)
        {
            return;
        }

        try
        {
            foreach (var executor in JsonNode.Parse(await response.Content.ReadAsStringAsync(stop)).Items())
            {
                if (
                    executor.Number("id") is { } number
                    && executor["executorLogs"].Text("stderr") is { } log
                    && Array.Find(log.Split('/', '?'), part => part.StartsWith("container_", StringComparison.Ordinal))
                        is { } container
                )
                {
                    positions[container] = number;
                }
            }
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            // Without it an executor is named by its container's number.
        }
    }

    /// <summary>Lines of bytes.</summary>
    private sealed class ByteLines(Stream stream)
    {
        private readonly byte[] buffer = new byte[32 * 1024];
        private int at;
        private int end;

        /// <summary>Reads to the content, and returns the file's length; null where there is no such header.</summary>
        public async Task<long?> ReadHeaderAsync(CancellationToken stop)
        {
            long? length = null;
            var line = new StringBuilder();
            for (var read = 0; read < 8 * 1024; read++)
            {
                if (at == end && !await FillAsync(stop))
                {
                    return null;
                }

                var c = (char)buffer[at++];
                if (c != '\n')
                {
                    line.Append(c);
                    continue;
                }

                var text = line.ToString();
                line.Clear();
                if (text.StartsWith("LogContents:", StringComparison.Ordinal))
                {
                    return length;
                }

                if (
                    text.StartsWith("LogLength:", StringComparison.Ordinal)
                    && long.TryParse(text["LogLength:".Length..], CultureInfo.InvariantCulture, out var said)
                )
                {
                    length = said;
                }
            }

            return null;
        }

        public async Task SkipAsync(long count, CancellationToken stop)
        {
            while (count > 0 && (at < end || await FillAsync(stop)))
            {
                var step = (int)Math.Min(count, end - at);
                at += step;
                count -= step;
            }
        }

        /// <summary>Reads lines within so many bytes, and returns how many bytes they were.</summary>
        public async Task<long> ReadLinesAsync(long count, bool ended, Action<string> line, CancellationToken stop)
        {
            using var rest = new MemoryStream();
            long done = 0;
            long left = count;
            while (left > 0 && (at < end || await FillAsync(stop)))
            {
                var part = buffer.AsSpan(at, (int)Math.Min(left, end - at));
                var stopAt = part.IndexOf((byte)'\n');
                var take = stopAt < 0 ? part.Length : stopAt;
                rest.Write(part[..take]);
                if (stopAt >= 0 || rest.Length >= LongestLine)
                {
                    done += rest.Length + (stopAt >= 0 ? 1 : 0);
                    line(TextOf(rest));
                    rest.SetLength(0);
                }

                take += stopAt >= 0 ? 1 : 0;
                at += take;
                left -= take;
            }

            if (ended && rest.Length > 0 && left == 0)
            {
                done += rest.Length;
                line(TextOf(rest));
            }

            return done;
        }

        private static string TextOf(MemoryStream bytes) =>
            Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length).TrimEnd('\r');

        private async Task<bool> FillAsync(CancellationToken stop)
        {
            at = 0;
            end = await stream.ReadAsync(buffer, stop);
            return end > 0;
        }
    }
}
