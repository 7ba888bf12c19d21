using System.Globalization;
using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary>
/// Amounts of memory as job files write them: <c>1GiB</c>, <c>512MiB</c>, Java's <c>2g</c>, Kubernetes' <c>2Gi</c> (all powers of 1024),
/// <c>2GB</c> (powers of 1000), or a number of bytes.
/// </summary>
public static partial class SizeText
{
    /// <summary>The largest amount that is read: 1 PiB.</summary>
    public const long Largest = 1L << 50;

    /// <summary>What a good one looks like, for messages.</summary>
    public const string Examples = "an amount of memory like 512MiB, 1GiB or 2g";

    /// <summary>Reads a number and its unit; no unit means bytes.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        if (text.Length is 0 or > 40 || Pattern().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var unit = match.Groups["unit"].Value;
        double step = unit.Length == 2 && char.ToUpperInvariant(unit[1]) == 'B' ? 1000 : 1024;
        var power = unit.Length == 0 ? 0 : 1 + "KMGT".IndexOf(char.ToUpperInvariant(unit[0]), StringComparison.Ordinal);
        var size =
            double.Parse(match.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture)
            * Math.Pow(step, power);
        if (size > Largest)
        {
            return false;
        }

        bytes = (long)Math.Round(size);
        return true;
    }

    /// <summary>Writes what <see cref="TryParse"/> reads, exactly, in the largest unit that leaves a whole number.</summary>
    public static string Format(long bytes)
    {
        string[] units = ["", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        while (unit < units.Length - 1 && bytes != 0 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            unit++;
        }

        return bytes.ToString(CultureInfo.InvariantCulture) + units[unit];
    }

    [GeneratedRegex(
        @"^((?<number>[0-9]+(\.[0-9]+)?) ?(?<unit>[kKmMgGtT]([iI]?[bB]|i)?)|(?<number>[0-9]+) ?[bB]?)\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Pattern();
}
