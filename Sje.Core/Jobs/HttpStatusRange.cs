using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary>Status codes as a job file names them: <c>200</c>, <c>2xx</c>, <c>200-299</c>. Both ends belong to it.</summary>
public sealed partial record HttpStatusRange(int First, int Last)
{
    /// <summary>What a good one looks like, for messages.</summary>
    public const string Examples = "a status code like 200, 2xx or 200-299 (100 to 599)";

    /// <summary>Every kind of success.</summary>
    public static readonly HttpStatusRange Success = new(200, 299);

    /// <summary>Whether a code lies in it.</summary>
    public bool Holds(int status) => status >= First && status <= Last;

    /// <summary>Reads a number or a text.</summary>
    public static bool TryRead(JsonNode? node, [NotNullWhen(true)] out HttpStatusRange? range)
    {
        range =
            node is JsonValue && Form().Match(Template.PlainText(node)) is { Success: true } match ? Of(match) : null;
        return range is { First: >= 100, Last: <= 599 } && range.First <= range.Last;
    }

    /// <summary><c>200</c> or <c>200-299</c>.</summary>
    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";

    private static HttpStatusRange Of(Match match)
    {
        if (match.Groups["hundred"] is { Success: true } hundred)
        {
            var first = 100 * Number(hundred);
            return new HttpStatusRange(first, first + 99);
        }

        var from = Number(match.Groups["from"]);
        return new HttpStatusRange(from, match.Groups["to"] is { Success: true } to ? Number(to) : from);
    }

    private static int Number(Group digits) =>
        int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^((?<hundred>[1-5])[xX]{2}|(?<from>[0-9]{3})(-(?<to>[0-9]{3}))?)\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Form();
}
