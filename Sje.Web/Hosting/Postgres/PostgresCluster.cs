using System.Security.Cryptography;
using Sje.Web.Failures;

namespace Sje.Web.Hosting.Postgres;

/// <summary>Makes a data folder, whole or not at all.</summary>
internal sealed class PostgresCluster(PostgresLocation location, ILogger log)
{
    // A new cluster takes 40 MB and its first log segments 32; below that, initdb ends half-way with a page of text.
    private const long RoomNeeded = 200L * 1024 * 1024;

    /// <summary>Runs initdb in a folder beside, then renames it: a crash in between leaves nothing that looks like data.</summary>
    public async Task CreateAsync(CancellationToken stop)
    {
        var room = new DriveInfo(location.Folder).AvailableFreeSpace;
        if (room < RoomNeeded)
        {
            throw new FailureException(
                $"A database needs {RoomNeeded >> 20} MiB below {location.Folder}, and {room >> 20} MiB are free: make room, or start sje in another folder.",
                ExitCodes.Machine
            );
        }

        PostgresLog.Creating(log, location.Binaries.Major, location.Data, location.User.Name);
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        var fresh = location.File("new");
        if (Directory.Exists(fresh))
        {
            Directory.Delete(fresh, recursive: true);
        }

        Directory.CreateDirectory(fresh, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await location.User.GiveAsync(fresh, stop);

        // C.UTF-8 sorts by code point like C and knows letters beyond ASCII; an old C library lacks it.
        var answer = await InitializeAsync(fresh, "C.UTF-8", password, stop);
        if (answer is not null && answer.Contains("invalid locale", StringComparison.Ordinal))
        {
            answer = await InitializeAsync(fresh, "C", password, stop);
        }

        if (answer is not null)
        {
            Directory.Delete(fresh, recursive: true);
            throw new FailureException(
                Explain("PostgreSQL's data could not be made", location, answer),
                ExitCodes.Machine
            );
        }

        WritePrivate(location.File("password"), password);
        Directory.Move(fresh, location.Data);
    }

    /// <summary>One line out of what PostgreSQL's programs had to say.</summary>
    public static string Explain(string what, PostgresLocation location, string said)
    {
        if (said.Contains("No space left on device", StringComparison.Ordinal))
        {
            return $"{what}: no space is left on the disk of {location.Data}.";
        }

        var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var telling =
            lines.FirstOrDefault(line =>
                line.Contains("FATAL", StringComparison.Ordinal) || line.Contains("PANIC", StringComparison.Ordinal)
            )
            ?? lines.FirstOrDefault(line => line.Contains("error:", StringComparison.Ordinal))
            ?? lines.LastOrDefault()
            ?? "no word why";
        return $"{what} in {location.Data}: {telling}";
    }

    private async Task<string?> InitializeAsync(string folder, string locale, string password, CancellationToken stop)
    {
        // The password comes by standard input: root's files are not the service user's to read, and arguments are everybody's.
        var result = await location.User.RunAsync(
            "bash",
            [
                "-c",
                """
                set -eu
                umask 077
                words=$(mktemp)
                trap 'rm -f "$words"' EXIT
                cat > "$words"
                "$1" -D "$2" -U sje --pwfile="$words" --auth=scram-sha-256 --encoding=UTF8 --locale="$3" --data-checksums
                """,
                "initdb",
                location.Binaries.PathOf("initdb"),
                folder,
                locale,
            ],
            stop,
            input: password + "\n"
        );
        return result.ExitCode == 0 ? null : result.StandardError + result.StandardOutput;
    }

    private static void WritePrivate(string path, string text)
    {
        using var file = new StreamWriter(
            new FileStream(
                path,
                new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            )
        );
        file.WriteLine(text);
    }
}
