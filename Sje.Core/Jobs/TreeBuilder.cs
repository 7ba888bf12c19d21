using System.Globalization;
using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>
/// Builds a tree from what a JSON or YAML parser reports, one call for each thing in the text, without recursion. Keeps the rules
/// that hold for both notations: depth, count, duplicate keys, characters, numbers.
/// </summary>
internal sealed class TreeBuilder(IReadOnlySet<string>? wantedLines = null)
{
    private const int LongestNumber = 100;
    private const int LargestExponent = 400;

    private readonly Stack<Level> levels = new();
    private readonly FaultList faults = new();
    private int count;

    /// <summary>The tree, once all is reported.</summary>
    public JsonNode? Root { get; private set; }

    /// <summary>Whether there is a fault that leaves no tree; the source stops then.</summary>
    public bool IsBroken { get; private set; }

    public IReadOnlyList<Fault> Faults => faults.ToList();

    /// <summary>Lines of the wanted pointers.</summary>
    public Dictionary<string, int> Lines { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether the innermost open container is an object, which takes a key before each value.</summary>
    public bool InObject => levels.TryPeek(out var level) && level.Container is JsonObject;

    /// <summary>Whether that object waits for a key.</summary>
    public bool WantsKey => InObject && levels.Peek().Key is null;

    /// <summary>Opens an object or a list; <see cref="End"/> closes it.</summary>
    public void Begin(JsonNode container, int line)
    {
        if (levels.Count == DocumentReader.MaxDepth)
        {
            Break(FaultCodes.TooDeep, $"More than {DocumentReader.MaxDepth} levels of nesting.", line);
            return;
        }

        var pointer = NextPointer();
        Put(container, line);
        levels.Push(new Level(container, pointer));
    }

    public void End() => levels.Pop();

    public void Key(string name, int line)
    {
        var level = levels.Peek();
        level.Key = name;
        if (Characters(name) is { } problem)
        {
            Complain(problem, "A key holds", line);
        }

        level.Discard = ((JsonObject)level.Container).ContainsKey(name);
        if (level.Discard)
        {
            faults.Add(
                new Fault(
                    NextPointer(),
                    $"The key {Excerpt.Quote(name)} stands here twice.",
                    FaultCodes.DuplicateKey,
                    line
                )
            );
        }
    }

    public void Text(string text, int line)
    {
        if (Characters(text) is { } problem)
        {
            Complain(problem, "The text holds", line);
        }

        Put(JsonValue.Create(text), line);
    }

    /// <summary>A number in JSON's notation, kept as written.</summary>
    public void Number(string text, int line)
    {
        if (
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            && text != "-0"
        )
        {
            Put(JsonValue.Create(whole), line);
            return;
        }

        if (!IsStorable(text))
        {
            faults.Add(
                new Fault(
                    NextPointer(),
                    $"The number {Excerpt.Quote(text)} is too large, too small or too long.",
                    FaultCodes.OutOfRange,
                    line
                )
            );
            text = "0";
        }

        Put(JsonNode.Parse(text), line);
    }

    public void Scalar(bool? value, int line) => Put(value is { } flag ? JsonValue.Create(flag) : null, line);

    /// <summary>Half a surrogate pair, which the source could not even turn into a text.</summary>
    public void UnpairedSurrogate(int line) =>
        Complain((FaultCodes.UnpairedSurrogate, "half of a surrogate pair"), "The text holds", line);

    /// <summary>A fault at the present place that leaves no tree.</summary>
    public void Break(string code, string detail, int line)
    {
        faults.Add(new Fault(levels.Count == 0 ? "" : NextPointer(), detail, code, line));
        IsBroken = true;
    }

    private void Put(JsonNode? value, int line)
    {
        if (++count > DocumentReader.MaxValues)
        {
            Break(FaultCodes.TooMany, $"More than {DocumentReader.MaxValues:N0} values in one document.", line);
            return;
        }

        if (wantedLines is not null && NextPointer() is var pointer && wantedLines.Contains(pointer))
        {
            Lines.TryAdd(pointer, line);
        }

        if (!levels.TryPeek(out var level))
        {
            Root = value;
        }
        else if (level.Container is JsonArray list)
        {
            list.Add(value);
        }
        else
        {
            if (!level.Discard)
            {
                ((JsonObject)level.Container).Add(level.Key!, value);
            }

            level.Key = null;
        }
    }

    private string NextPointer() =>
        levels.TryPeek(out var level)
            ? level.Container is JsonArray list
                ? Fault.At(level.Pointer, list.Count)
                : level.Key is { } key
                    ? Fault.At(level.Pointer, Shown(key))
                    : level.Pointer
            : "";

    // Pointers are built of keys, at each level anew; a key of a megabyte must not be copied sixty times.
    private static string Shown(string key) => key.Length <= 300 ? key : key[..300];

    private void Complain((string Code, string What) problem, string where, int line) =>
        faults.Add(new Fault(NextPointer(), $"{where} {problem.What}, which is not allowed.", problem.Code, line));

    private static (string Code, string What)? Characters(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return (FaultCodes.NulCharacter, "a NUL character");
        }

        for (
            var index = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
            index >= 0 && index < text.Length;
            index++
        )
        {
            if (char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
            {
                index++;
            }
            else if (char.IsSurrogate(text[index]))
            {
                return (FaultCodes.UnpairedSurrogate, "half of a surrogate pair");
            }
        }

        return null;
    }

    // The database takes 131,072 digits before the point and 16,383 behind it; nobody means more than a double holds.
    private static bool IsStorable(string text)
    {
        if (
            text.Length > LongestNumber
            || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            || !double.IsFinite(value)
        )
        {
            return false;
        }

        var exponent = text.AsSpan(text.AsSpan().IndexOfAny('e', 'E') + 1);
        return exponent.Length == text.Length
            || (
                int.TryParse(exponent, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power)
                && Math.Abs(power) <= LargestExponent
            );
    }

    private sealed class Level(JsonNode container, string pointer)
    {
        public JsonNode Container { get; } = container;

        public string Pointer { get; } = pointer;

        /// <summary>The key whose value comes next.</summary>
        public string? Key { get; set; }

        /// <summary>Whether that value is read and thrown away, its key having stood here before.</summary>
        public bool Discard { get; set; }
    }
}
