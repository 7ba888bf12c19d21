using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>What a step of a flow is called where the file speaks of it.</summary>
internal enum StepKind
{
    Source,
    Transformation,
    Sink,
}

/// <summary>
/// A source, transformation or sink of another dialect, in both forms that it can be carried out in: a node of our pipelines, and a
/// statement of Spark SQL.
/// </summary>
internal sealed record FlowStep(StepKind Kind, string Id, string Pointer)
{
    /// <summary>The component of our pipelines; empty where there is none, and <see cref="NeedsSpark"/> says why.</summary>
    public string Component { get; set; } = "";

    /// <summary>The component's parameters.</summary>
    public JsonObject Params { get; } = [];

    /// <summary>The steps whose rows it gets, by port.</summary>
    public List<(string Port, string Id, string Pointer)> Inputs { get; } = [];

    /// <summary>Where its parameters stood: a path below <c>params</c>, and the pointer in the file.</summary>
    public List<(string Parameter, string Pointer)> Places { get; } = [];

    /// <summary>What is an expression, and where it stands.</summary>
    public List<(string Pointer, QuotedText Text)> Expressions { get; } = [];

    /// <summary>Its statements of Spark SQL.</summary>
    public List<string> Sql { get; } = [];

    /// <summary>Why our own pipelines cannot do it, and the field that says so.</summary>
    public Fault? NeedsSpark { get; set; }

    /// <summary>What our own pipelines cannot take of it, though they are to carry it out.</summary>
    public List<Fault> NotOurs { get; } = [];

    /// <summary>Why Spark SQL cannot do it, and the field that says so.</summary>
    public Fault? NotOnSpark { get; set; }

    /// <summary>Whether it is a table of Delta's, for which Spark has to be told.</summary>
    public bool IsDelta { get; set; }

    /// <summary>Whether it takes columns out of a row without naming the others, which Spark SQL learnt with version 4.</summary>
    public bool NeedsSpark4 { get; set; }

    /// <summary>A parameter and where it stood.</summary>
    public void Set(string parameter, JsonNode? value, string pointer)
    {
        Params[parameter] = value;
        Places.Add((parameter, pointer));
    }

    /// <summary>A list of texts, or one text alone, as a parameter that is a list.</summary>
    public void SetTexts(string parameter, IReadOnlyList<string> texts, Fields fields, string name)
    {
        Set(parameter, new JsonArray([.. texts.Select(text => JsonValue.Create(text))]), fields.At(name));
        Places.AddRange(texts.Select((_, index) => ($"{parameter}/{index}", FieldTexts.ItemAt(fields, name, index))));
    }

    /// <summary>The step works on the rows of one other.</summary>
    public void WorkOn(string input) => Inputs.Add(("in", input, Pointer));

    /// <summary>An expression that must be there; null and a fault where it is not.</summary>
    public QuotedText? Expression(Fields fields, string name, QuoteRule quotes)
    {
        if (fields.RequiredText(name) is not { } text)
        {
            return null;
        }

        var read = QuotedText.Read(text, quotes);
        Expressions.Add((fields.At(name), read));
        return read;
    }

    /// <summary>The step as a view of Spark.</summary>
    public void View(string query) => Sql.Add($"CREATE OR REPLACE TEMPORARY VIEW {SparkSqlText.Name(Id)} {query}");
}
