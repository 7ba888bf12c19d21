using System.Globalization;

namespace Sje.Jobs.Engines.Spark.Clusters;

/// <summary>Amounts of memory as Spark writes them (<c>JavaUtils.byteStringAs</c>): a number alone counts MiB.</summary>
internal static class SparkMemory
{
    /// <summary>The amount in MiB, rounded down.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static long MebibytesOf(string text)
    {
        var trimmed = text.Trim().ToLowerInvariant();
        var digits = trimmed.TakeWhile(char.IsAsciiDigit).Count();
        if (
            digits is 0 or > 15
            || !long.TryParse(trimmed[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        )
        {
            throw new FormatException($"'{text}' is not an amount of memory as Spark writes it: 512m, 4g.");
        }

        return trimmed[digits..] switch
        {
            "b" => number / (1024 * 1024),
            "k" or "kb" => number / 1024,
            "" or "m" or "mb" => number,
            "g" or "gb" => number * 1024,
            "t" or "tb" => number * 1024 * 1024,
            _ => throw new FormatException($"'{text}' is not an amount of memory as Spark writes it: 512m, 4g."),
        };
    }
}
