using System.Globalization;

namespace Sje.Jobs.Execution;

/// <summary>How many processes the kernel has killed for want of memory since it started (<c>oom_kill</c> of <c>/proc/vmstat</c>, proc_vmstat(5)).</summary>
internal static class KernelKills
{
    private const string Table = "/proc/vmstat";
    private const string Word = "oom_kill ";

    /// <summary>The count; null where the kernel does not tell.</summary>
    public static long? Count()
    {
        try
        {
            return Parse(File.ReadAllText(Table));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Finds the count in the table.</summary>
    public static long? Parse(string table)
    {
        foreach (var line in table.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(Word, StringComparison.Ordinal))
            {
                return long.TryParse(line[Word.Length..], CultureInfo.InvariantCulture, out var count) ? count : null;
            }
        }

        return null;
    }
}
