using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>Reports a JSON text to a <see cref="TreeBuilder"/>.</summary>
internal static class JsonSource
{
    // The builder counts levels, and says where; the parser must only not be first.
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = DocumentReader.MaxDepth + 2 };

    public static void Read(ReadOnlySpan<byte> utf8, TreeBuilder builder)
    {
        var lines = new LineCounter();
        var reader = new Utf8JsonReader(utf8, Strict);
        try
        {
            while (!builder.IsBroken && reader.Read())
            {
                Report(ref reader, builder, lines.At(utf8, (int)reader.TokenStartIndex));
            }
        }
        catch (JsonException problem)
        {
            var line = (int)(problem.LineNumber ?? 0) + 1;
            builder.Break(
                FaultCodes.Malformed,
                $"This is not JSON: {Reason(problem)} (line {line}, byte {problem.BytePositionInLine + 1}).",
                line
            );
        }
    }

    private static void Report(ref Utf8JsonReader reader, TreeBuilder builder, int line)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                builder.Begin(new JsonObject(), line);
                break;
            case JsonTokenType.StartArray:
                builder.Begin(new JsonArray(), line);
                break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                builder.End();
                break;
            case JsonTokenType.PropertyName:
                if (HasHalfSurrogate(ref reader))
                {
                    builder.Key("\uFFFD", line);
                    builder.UnpairedSurrogate(line);
                }
                else
                {
                    builder.Key(reader.GetString()!, line);
                }

                break;
            case JsonTokenType.String:
                if (HasHalfSurrogate(ref reader))
                {
                    builder.UnpairedSurrogate(line);
                    builder.Text("\uFFFD", line);
                }
                else
                {
                    builder.Text(reader.GetString()!, line);
                }

                break;
            case JsonTokenType.Number:
                builder.Number(Encoding.ASCII.GetString(reader.ValueSpan), line);
                break;
            case JsonTokenType.True or JsonTokenType.False:
                builder.Scalar(reader.TokenType == JsonTokenType.True, line);
                break;
            default:
                builder.Scalar(null, line);
                break;
        }
    }

    /// <summary>Whether an escape makes half a pair, on which <see cref="Utf8JsonReader.GetString"/> would throw.</summary>
    private static bool HasHalfSurrogate(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return false;
        }

        var text = reader.ValueSpan;
        var high = false;
        for (var index = 0; index < text.Length; index++)
        {
            var unit = '\0';
            if (text[index] == '\\')
            {
                index++;
                if (text[index] == 'u')
                {
                    unit = (char)Convert.ToInt32(Encoding.ASCII.GetString(text.Slice(index + 1, 4)), 16);
                    index += 4;
                }
            }

            if (high != char.IsLowSurrogate(unit))
            {
                return true;
            }

            high = char.IsHighSurrogate(unit);
        }

        return high;
    }

    // "'}' is invalid after a value. Expected ... LineNumber: 0 | BytePositionInLine: 5." without the part that we say better.
    private static string Reason(JsonException problem)
    {
        var end = problem.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return Excerpt.Line(end < 0 ? problem.Message : problem.Message[..end]).TrimEnd('.');
    }

    /// <summary>Counts lines as positions advance.</summary>
    private struct LineCounter
    {
        private int position;
        private int breaks;

        public int At(ReadOnlySpan<byte> utf8, int start)
        {
            breaks += utf8[position..start].Count((byte)'\n');
            position = start;
            return breaks + 1;
        }
    }
}
