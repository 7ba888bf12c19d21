using System.Globalization;
using System.Text.RegularExpressions;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines;

/// <summary>
/// The product's own rule for the types of text columns, the same for every engine: integers without leading zeros are int64,
/// decimals and exponents double, then ISO dates, ISO timestamps, true and false; anything else, or nothing, is string.
/// </summary>
public static partial class TypeInference
{
    /// <summary>How many rows of a file are looked at.</summary>
    public const int SampleRows = 10_000;

    /// <summary>The narrowest type that all values which are not null fit.</summary>
    public static DataType Of(IEnumerable<string?> values)
    {
        DataType? found = null;
        foreach (var value in values)
        {
            if (value is null)
            {
                continue;
            }

            var type = Of(value);
            found =
                found is null || found == type ? type
                : (found.IsNumber && type.IsNumber) ? DataType.Double
                : IsDay(found) && IsDay(type) ? DataType.Timestamp
                : DataType.String;
            if (found == DataType.String)
            {
                break;
            }
        }

        return found ?? DataType.String;
    }

    private static ScalarType Of(string value) =>
        value switch
        {
            _ when IntegerText().IsMatch(value)
                    && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) =>
                DataType.Int64,
            _ when DoubleText().IsMatch(value) => DataType.Double,
            _ when value.Length == 10 && TemporalLiteral.Normalise(value, DataType.Date) is not null => DataType.Date,
            _ when value.Length > 10 && TemporalLiteral.Normalise(value, DataType.Timestamp) is not null =>
                DataType.Timestamp,
            "true" or "false" or "TRUE" or "FALSE" or "True" or "False" => DataType.Boolean,
            _ => DataType.String,
        };

    private static bool IsDay(DataType type) => type == DataType.Date || type == DataType.Timestamp;

    [GeneratedRegex("^-?(0|[1-9][0-9]*)$")]
    private static partial Regex IntegerText();

    /// <summary>Integers beyond int64 are doubles too; leading zeros make text of either.</summary>
    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$")]
    private static partial Regex DoubleText();
}
