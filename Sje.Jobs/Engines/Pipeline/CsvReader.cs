using System.Text;
using Sje.Core.Pipelines.Ir;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>Reads the records of a CSV text, only to look at its first rows; the engine reads the whole.</summary>
internal sealed class CsvReader(TextReader text, CsvFormat format)
{
    private readonly char delimiter = format.Delimiter[0];
    private readonly char quote = format.Quote[0];
    private readonly char escape = format.Escape[0];

    /// <summary>The fields of the next record, or null at the end. Blank lines are skipped; empty fields and null words are null.</summary>
    public List<string?>? Read()
    {
        while (text.Peek() is '\r' or '\n')
        {
            text.Read();
        }

        if (text.Peek() < 0)
        {
            return null;
        }

        var fields = new List<string?>();
        while (true)
        {
            fields.Add(Field(out var last));
            if (last)
            {
                return fields;
            }
        }
    }

    private string? Field(out bool last)
    {
        var value = new StringBuilder();
        var quoted = false;
        while (true)
        {
            var next = text.Read();
            if (next < 0)
            {
                last = true;
                break;
            }

            var c = (char)next;
            if (quoted)
            {
                if (c == escape && text.Peek() == quote)
                {
                    value.Append((char)text.Read());
                }
                else if (c == quote)
                {
                    quoted = false;
                }
                else
                {
                    value.Append(c);
                }
            }
            else if (c == quote && value.Length == 0)
            {
                quoted = true;
            }
            else if (c == delimiter || c is '\r' or '\n')
            {
                if (c == '\r' && text.Peek() == '\n')
                {
                    text.Read();
                }

                last = c != delimiter;
                break;
            }
            else
            {
                value.Append(c);
            }
        }

        return value.Length == 0 || value.Equals(format.NullValue) ? null : value.ToString();
    }
}
