using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sje.Core.Jobs;

/// <summary>
/// What a YAML scalar means by the core schema (YAML 1.2.2, section 10.3.2): only plain ones can be other than text, and <c>yes</c>,
/// <c>on</c>, <c>1_000</c>, <c>2024-05-01</c> are text.
/// </summary>
internal static partial class YamlScalar
{
    public const string TextTag = "tag:yaml.org,2002:str";

    // Every plain scalar is matched against patterns; nothing but text is that long.
    private const int LongestOther = 200;

    public static void Report(Scalar scalar, TreeBuilder builder, int line)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain || !scalar.Tag.IsEmpty || text.Length > LongestOther)
        {
            builder.Text(text, line);
            return;
        }

        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                builder.Scalar(null, line);
                break;
            case "true" or "True" or "TRUE":
                builder.Scalar(true, line);
                break;
            case "false" or "False" or "FALSE":
                builder.Scalar(false, line);
                break;
            case var _ when Number(text) is { } number:
                builder.Number(number, line);
                break;
            case var _ when NotFinite().IsMatch(text):
                builder.Number(text, line);
                break;
            default:
                builder.Text(text, line);
                break;
        }
    }

    /// <summary>A number in JSON's notation (<c>+5</c>, <c>007</c>, <c>.5</c>, <c>1.</c>, <c>0x1F</c> are none there), or null.</summary>
    private static string? Number(string text)
    {
        if (Based().Match(text) is { Success: true } based)
        {
            return based.Groups["hex"] is { Success: true } hex
                ? BigInteger
                    .Parse("0" + hex.Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                    .ToString(CultureInfo.InvariantCulture)
                : based
                    .Groups["octal"]
                    .Value.Aggregate(BigInteger.Zero, (sum, digit) => (sum * 8) + (digit - '0'))
                    .ToString(CultureInfo.InvariantCulture);
        }

        if (Decimal().Match(text) is not { Success: true } match)
        {
            return null;
        }

        var sign = text[0] == '-' ? "-" : "";
        var whole = match.Groups["whole"].Value.TrimStart('0');
        var fraction = match.Groups["fraction"].Value;
        var point = match.Groups["point"].Success ? "." + (fraction.Length == 0 ? "0" : fraction) : "";
        return sign + (whole.Length == 0 ? "0" : whole) + point + match.Groups["exponent"].Value;
    }

    [GeneratedRegex(
        @"^(0o(?<octal>[0-7]+)|0x(?<hex>[0-9a-fA-F]+))\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Based();

    [GeneratedRegex(
        @"^[-+]?((?<point>\.)(?<fraction>[0-9]+)|(?<whole>[0-9]+)((?<point>\.)(?<fraction>[0-9]*))?)(?<exponent>[eE][-+]?[0-9]+)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Decimal();

    [GeneratedRegex(@"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\z", RegexOptions.CultureInvariant)]
    private static partial Regex NotFinite();
}
