using System.Globalization;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;

namespace Sje.Web.Hosting.Postgres;

/// <summary>One installation of PostgreSQL's server programs.</summary>
internal sealed partial record PostgresBinaries(string Folder, int Major)
{
    /// <summary>The oldest major version whose SQL we use.</summary>
    public const int OldestMajor = 15;

    private static readonly string[] Needed = ["postgres", "initdb", "pg_ctl"];

    /// <summary>The path of one of its programs.</summary>
    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Every installation on PATH, in the distributions' own places and in <paramref name="more"/>, newest first.</summary>
    public static async Task<IReadOnlyList<PostgresBinaries>> FindAsync(
        IEnumerable<string> more,
        CancellationToken stop
    )
    {
        var folders = new List<string>(more);
        folders.AddRange(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
        );
        foreach (
            var (parent, pattern, below) in new[] { ("/usr/lib/postgresql", "*", "bin"), ("/usr", "pgsql-*", "bin") }
        )
        {
            if (Directory.Exists(parent))
            {
                folders.AddRange(
                    Directory.GetDirectories(parent, pattern).Select(version => Path.Combine(version, below))
                );
            }
        }

        var found = new Dictionary<string, PostgresBinaries>();
        foreach (var folder in folders)
        {
            if (await ReadAsync(folder, stop) is { } binaries)
            {
                found.TryAdd(binaries.Folder, binaries);
            }
        }

        return [.. found.Values.OrderByDescending(binaries => binaries.Major)];
    }

    /// <summary>The installation in a folder, which may hold only links to it; null where there is none.</summary>
    public static async Task<PostgresBinaries?> ReadAsync(string folder, CancellationToken stop)
    {
        var postgres = new FileInfo(Path.Combine(folder, "postgres"));
        if (!postgres.Exists)
        {
            return null;
        }

        // PATH often holds links; initdb looks for its share folder beside the real programs.
        var real = postgres.ResolveLinkTarget(returnFinalTarget: true) ?? postgres;
        var home = Path.GetDirectoryName(real.FullName)!; // a file's full name has a folder
        if (!Needed.All(name => File.Exists(Path.Combine(home, name))))
        {
            return null;
        }

        var answer = await CliWrap
            .Cli.Wrap(real.FullName)
            .WithArguments("--version")
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(stop);
        var match = VersionPattern().Match(answer.StandardOutput);
        return match.Success
            ? new PostgresBinaries(home, int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
            : null;
    }

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionPattern();
}
