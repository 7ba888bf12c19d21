using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>A piece of a template: text that stands as it is, or a reference to a value.</summary>
public abstract record TemplatePart;

/// <summary>Text that stands as it is.</summary>
public sealed record TemplateText(string Text) : TemplatePart;

/// <summary>
/// <c>{{ parameters.day }}</c>: the path in pieces (<c>parameters</c>, <c>day</c>), and the column of its <c>{{</c> in the text, from 1.
/// </summary>
public sealed record TemplateReference(IReadOnlyList<string> Path, int Position) : TemplatePart
{
    /// <summary>The path as written: <c>tasks.extract.outputs.rows</c>.</summary>
    public string Text => string.Join('.', Path);
}

/// <summary>Something in a text that looks like a template and is none; <see cref="Position"/> counts from 1.</summary>
public sealed record TemplateError(int Position, string Detail);

/// <summary>
/// A text with <c>{{ path }}</c> in it. There are no expressions and no escapes: a path names a parameter, a field of the execution,
/// or an output of a task. An engine whose settings are a language of their own must not paste values into it: it takes
/// <see cref="Parts"/> and binds each reference as a typed value; the others call <see cref="Render"/>.
/// </summary>
public sealed class Template
{
    private const string Open = "{{";
    private const string Close = "}}";
    private const int MostErrors = 10;

    // Values go into command lines and files, where the default escaping of "+", "<" and every letter beyond ASCII only hurts.
    // The depth is more than any document of ours has: the default would throw at its very limit.
    private static readonly JsonSerializerOptions PlainJson = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 2 * DocumentReader.MaxDepth,
    };

    private Template(IReadOnlyList<TemplatePart> parts, IReadOnlyList<TemplateError> errors)
    {
        Parts = parts;
        Errors = errors;
    }

    /// <summary>The pieces in order; neighbouring texts are one piece, and an empty text has none.</summary>
    public IReadOnlyList<TemplatePart> Parts { get; }

    /// <summary>What could not be read. A job with any is refused, so a stored job has none.</summary>
    public IReadOnlyList<TemplateError> Errors { get; }

    /// <summary>The references among <see cref="Parts"/>.</summary>
    public IEnumerable<TemplateReference> References => Parts.OfType<TemplateReference>();

    /// <summary>Takes a text apart. Whether what it refers to exists is not asked here.</summary>
    public static Template Parse(string text)
    {
        var parts = new List<TemplatePart>();
        var errors = new List<TemplateError>();
        var position = 0;
        while (position < text.Length && errors.Count < MostErrors)
        {
            var open = text.IndexOf(Open, position, StringComparison.Ordinal);
            if (open < 0)
            {
                break;
            }

            if (open > position)
            {
                parts.Add(new TemplateText(text[position..open]));
            }

            var start = open + Open.Length;
            // Its end must come before the next beginning. Looking no further keeps a megabyte of "{{" linear.
            var next = text.IndexOf(Open, start, StringComparison.Ordinal);
            var end = next < 0 ? text.Length : next;
            var close = text.IndexOf(Close, start, end - start, StringComparison.Ordinal);
            if (close < 0)
            {
                errors.Add(new TemplateError(open + 1, "'{{' has no '}}' to end it."));
                position = start;
                continue;
            }

            var written = text[start..close].Trim();
            if (TemplatePath.Problem(written) is { } problem)
            {
                errors.Add(new TemplateError(open + 1, problem));
            }
            else
            {
                parts.Add(new TemplateReference(TemplatePath.Split(written), open + 1));
            }

            position = close + Close.Length;
        }

        if (position < text.Length)
        {
            parts.Add(new TemplateText(text[position..]));
        }

        return new Template(parts, errors);
    }

    /// <summary>
    /// The text with every reference replaced: text as it is, numbers and booleans as written, null as nothing, objects and
    /// lists as JSON.
    /// </summary>
    /// <exception cref="TemplateException">The text is no template, or a referenced value is not there.</exception>
    public static string Render(string text, TemplateScope scope)
    {
        if (!text.Contains(Open, StringComparison.Ordinal))
        {
            return text;
        }

        var template = Parse(text);
        if (template.Errors is [var error, ..])
        {
            throw new TemplateException($"Column {error.Position}: {error.Detail}");
        }

        var result = new StringBuilder();
        foreach (var part in template.Parts)
        {
            result.Append(
                part is TemplateReference reference ? ValueText(reference, scope) : ((TemplateText)part).Text
            );
        }

        return result.ToString();
    }

    /// <summary>A copy of a tree with every string in it rendered (names of fields are not); the original stays as it is.</summary>
    /// <exception cref="TemplateException">As for <see cref="Render"/>.</exception>
    public static JsonNode? RenderAll(JsonNode? node, TemplateScope scope) =>
        node switch
        {
            JsonObject map => new JsonObject(
                map.Select(field => KeyValuePair.Create(field.Key, RenderAll(field.Value, scope)))
            ),
            JsonArray list => new JsonArray([.. list.Select(item => RenderAll(item, scope))]),
            JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(Render(text, scope)),
            _ => node?.DeepClone(),
        };

    /// <summary>
    /// As <see cref="RenderAll"/>, but a text that is one reference and nothing else becomes the value itself: a number stays a number,
    /// a list a list. For settings that are data and no text.
    /// </summary>
    /// <exception cref="TemplateException">As for <see cref="Render"/>.</exception>
    public static JsonNode? FillAll(JsonNode? node, TemplateScope scope) =>
        node switch
        {
            JsonObject map => new JsonObject(
                map.Select(field => KeyValuePair.Create(field.Key, FillAll(field.Value, scope)))
            ),
            JsonArray list => new JsonArray([.. list.Select(item => FillAll(item, scope))]),
            JsonValue value when value.TryGetValue<string>(out var text) => Fill(text, scope),
            _ => node?.DeepClone(),
        };

    /// <summary>A JSON value as plain text, the way <see cref="Render"/> writes it.</summary>
    public static string PlainText(JsonNode? value) =>
        value switch
        {
            null => "",
            JsonValue scalar when scalar.TryGetValue<string>(out var text) => text,
            _ => value.ToJsonString(PlainJson),
        };

    private static JsonNode? Fill(string text, TemplateScope scope) =>
        text.Contains(Open, StringComparison.Ordinal)
        && Parse(text.Trim()) is { Errors: [], Parts: [TemplateReference reference] }
            ? Value(reference, scope)?.DeepClone()
            : JsonValue.Create(Render(text, scope));

    private static string ValueText(TemplateReference reference, TemplateScope scope) =>
        PlainText(Value(reference, scope));

    private static JsonNode? Value(TemplateReference reference, TemplateScope scope) =>
        scope.TryFind(reference.Path, out var value)
            ? value
            : throw new TemplateException($"'{{{{ {reference.Text} }}}}' has no value: {WhyMissing(reference)}");

    private static string WhyMissing(TemplateReference reference) =>
        reference.Path[0] switch
        {
            TemplatePath.Tasks =>
                $"task '{reference.Path[1]}' has put out no '{string.Join('.', reference.Path.Skip(3))}'.",
            TemplatePath.Parameters => "the parameter was neither given nor has it a default.",
            _ => "this execution does not have it.",
        };
}

/// <summary>A template could not be filled in when its task ran. The message is for the owner of the job.</summary>
public sealed class TemplateException : Exception
{
    /// <summary>Says which reference failed, and why.</summary>
    public TemplateException(string message)
        : base(message) { }

    /// <summary>Says which reference failed, and why.</summary>
    public TemplateException(string message, Exception inner)
        : base(message, inner) { }

    /// <summary>For serializers; says nothing.</summary>
    public TemplateException() { }
}
