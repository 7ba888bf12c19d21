using System.Diagnostics;
using System.Globalization;

namespace Sje.Web.Hosting.Postgres;

/// <summary>
/// What <c>postmaster.pid</c> says about the server of a data folder, checked against <c>/proc</c>: after a crash the file stays, and
/// its process number may by then be somebody else's.
/// </summary>
internal sealed record Postmaster(int ProcessId, int Port, bool IsAlive)
{
    /// <summary>The file in the data folder.</summary>
    public static string FileIn(string data) => Path.Combine(data, "postmaster.pid");

    /// <summary>Reads the file; null where there is none.</summary>
    public static Postmaster? Read(string data)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(FileIn(data));
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        // Line 1 is the process, line 4 the port; a crash in the middle of writing may leave less.
        var process = Number(lines, 0);
        return new Postmaster(process, Number(lines, 3), process > 0 && WorksIn(process, data));
    }

    /// <summary>The processes of the server, its children among them: all that have the data folder as theirs.</summary>
    public static IReadOnlyList<int> ProcessesOf(string data) =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Select(path =>
                    int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                        ? id
                        : 0
                )
                .Where(id => id > 0 && WorksIn(id, data)),
        ];

    /// <summary>Ends a leftover child of a postmaster that is gone; it does nothing to a process that ended meanwhile.</summary>
    public static void Kill(int process)
    {
        try
        {
            using var leftover = Process.GetProcessById(process);
            leftover.Kill();
        }
        catch (ArgumentException)
        {
            // It ended by itself between being listed and now.
        }
    }

    private static bool WorksIn(int process, string data)
    {
        try
        {
            // A zombie has no folder any more, so it counts as gone.
            return new FileInfo($"/proc/{process}/cwd").LinkTarget == data;
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static int Number(string[] lines, int index) =>
        index < lines.Length
        && int.TryParse(lines[index].Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? Math.Abs(value)
            : 0;
}
