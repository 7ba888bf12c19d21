using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Sje.Jobs.Execution;

/// <summary>A line of the process table (proc(5), <c>/proc/PID/stat</c>). Times are in clock ticks, of which Linux shows 100 a second.</summary>
internal readonly record struct ProcessEntry(
    int Id,
    char State,
    int SessionId,
    long CpuTicks,
    long StartTicks,
    long VirtualBytes,
    long ResidentPages,
    long EnvironmentEnd
)
{
    public const double TicksPerSecond = 100;

    /// <summary>Whether it has ended and only waits for its parent to notice.</summary>
    public bool IsDead => State is 'Z' or 'X' or 'x';

    /// <summary>Whether it is a thread of the kernel, which has no memory of its own.</summary>
    public bool IsKernel => VirtualBytes == 0;

    /// <summary>Whether it is in the middle of becoming another program (execve(2)) and shows no environment until it is.</summary>
    public bool IsChanging => EnvironmentEnd == 0 && !IsKernel;
}

/// <summary>Reads <c>/proc</c>. Whatever vanishes while it is read is left out.</summary>
internal static class ProcessTable
{
    /// <summary>Every process that still lives.</summary>
    public static IEnumerable<ProcessEntry> Read()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (
                int.TryParse(
                    directory.AsSpan("/proc/".Length),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var id
                ) && Find(id) is { IsDead: false } entry
            )
            {
                yield return entry;
            }
        }
    }

    /// <summary>One process, dead ones that nobody waited for included; null when there is none.</summary>
    public static ProcessEntry? Find(int id)
    {
        Span<byte> buffer = stackalloc byte[1024];
        var length = ReadStart($"/proc/{id}/stat", buffer);
        // The name may hold spaces and parentheses; after the last one the fields are plain, from the third on.
        var rest = buffer[..length];
        var nameEnd = rest.LastIndexOf((byte)')');
        if (nameEnd < 0)
        {
            return null;
        }

        rest = rest[(nameEnd + 2)..];
        var state = (char)rest[0];
        Span<long> fields = stackalloc long[52];
        for (var field = 3; field < fields.Length; field++)
        {
            var space = rest.IndexOf((byte)' ');
            var text = space < 0 ? rest : rest[..space];
            // Field 3 is a letter; a few others may exceed a long, and none of those is asked for.
            fields[field] = Utf8Parser.TryParse(text, out long value, out _) ? value : 0;
            rest = space < 0 ? [] : rest[(space + 1)..];
        }

        return new ProcessEntry(
            id,
            state,
            SessionId: (int)fields[6],
            // Its own time and that of the children it has waited for.
            CpuTicks: fields[14] + fields[15] + fields[16] + fields[17],
            StartTicks: fields[22],
            VirtualBytes: fields[23],
            ResidentPages: fields[24],
            EnvironmentEnd: fields[51]
        );
    }

    /// <summary>
    /// Whether a process carries all of these <c>NAME=value</c> entries in the environment it was started with. Null when it shows an
    /// empty one: it may have none, or be <see cref="ProcessEntry.IsChanging">changing</see>.
    /// </summary>
    public static bool? CarriesEnvironment(int id, params ReadOnlySpan<string> entries)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes($"/proc/{id}/environ");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone, or another user's and so none of ours.
            return false;
        }

        if (bytes.Length == 0)
        {
            return null;
        }

        var environment = Encoding.UTF8.GetString(bytes).Split('\0');
        foreach (var entry in entries)
        {
            if (!environment.Contains(entry, StringComparer.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Bytes of memory in use, pages shared by n processes counted as an n-th (<c>Pss</c> of <c>smaps_rollup</c>); null when the
    /// process is gone or another user's.
    /// </summary>
    public static long? ProportionalBytes(int id)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{id}/smaps_rollup"))
            {
                if (line.StartsWith("Pss:", StringComparison.Ordinal))
                {
                    var number = line.AsSpan("Pss:".Length).Trim();
                    return 1024 * long.Parse(number[..number.IndexOf(' ')], CultureInfo.InvariantCulture);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Said by the null.
        }

        return null;
    }

    private static int ReadStart(string path, Span<byte> buffer)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return RandomAccess.Read(file, buffer, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
