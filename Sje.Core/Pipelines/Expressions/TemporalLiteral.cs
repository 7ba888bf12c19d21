using System.Globalization;
using System.Text.RegularExpressions;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>Checks the text of dates, timestamps and instants, in literals and in parameters, and brings it to one form.</summary>
internal static partial class TemporalLiteral
{
    public static LiteralSyntax Read(Token word, Token text)
    {
        DataType type = word.Text.ToLowerInvariant() switch
        {
            "date" => DataType.Date,
            "timestamp" => DataType.Timestamp,
            _ => DataType.Instant,
        };
        return Normalise(text.Text, type) is { } value
            ? new LiteralSyntax(value, type, word.Position)
            : throw new ExpressionException(
                $"'{text.Text}' is no {type}; write {(type == DataType.Date ? "'2024-02-29'" : "'2024-02-29 10:11:12.5'")}",
                text.Position
            );
    }

    /// <summary>
    /// <c>2024-02-29</c> or <c>2024-02-29 10:11:12.123456</c>, or null when the text is no such value. An instant is in UTC; its
    /// text may carry a Z or an offset.
    /// </summary>
    public static string? Normalise(string text, DataType type)
    {
        if (type == DataType.Date)
        {
            return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
                ? text
                : null;
        }

        var match = Pattern().Match(text);
        if (!match.Success || (type != DataType.Instant && match.Groups["zone"].Success))
        {
            return null;
        }

        var time = match.Groups["time"].Success ? match.Groups["time"].Value : "00:00";
        var zone = match.Groups["zone"].Success ? match.Groups["zone"].Value : "Z";
        return DateTimeOffset.TryParse(
            $"{match.Groups["date"].Value}T{time}{zone}",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AdjustToUniversal,
            out var value
        )
            ? value.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture)
            : null;
    }

    [GeneratedRegex(
        @"^(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})([ T](?<time>[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)(?<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?$"
    )]
    private static partial Regex Pattern();
}
