namespace Sje.Core.Pipelines.Ir;

/// <summary>The texture of a CSV file to read. A field equal to a null text is null, as an empty one always is.</summary>
public sealed record CsvFormat
{
    /// <summary>Whether the first record names the columns.</summary>
    public bool Header { get; init; } = true;

    /// <summary>One character.</summary>
    public string Delimiter { get; init; } = ",";

    /// <summary>One character.</summary>
    public string Quote { get; init; } = "\"";

    /// <summary>One character; the quote itself for doubled quotes.</summary>
    public string Escape { get; init; } = "\"";

    /// <summary>A text that means null, beside the empty one.</summary>
    public string? NullValue { get; init; }

    /// <summary><c>utf-8</c>, <c>utf-16</c> or <c>latin-1</c>.</summary>
    public string Encoding { get; init; } = "utf-8";

    /// <summary><c>auto</c> (by the file's ending), <c>none</c>, <c>gzip</c> or <c>zstd</c>.</summary>
    public string Compression { get; init; } = "auto";

    /// <summary>Whether records of another width are left out instead of failing the task.</summary>
    public bool SkipRagged { get; init; }
}
