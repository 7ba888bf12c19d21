using DuckDB.NET.Data;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>Makes errors for the user of what DuckDB says.</summary>
internal static class DuckDbErrors
{
    /// <summary>What went wrong in the statement that ends in a node, without DuckDB's extract of our SQL.</summary>
    public static PipelineFailure Describe(DuckDBException error, string node)
    {
        var message = error.Message;
        var cut = message.IndexOf("\n\nLINE ", StringComparison.Ordinal);
        message = (cut < 0 ? message : message[..cut]).Trim();
        return message.StartsWith("Out of Memory", StringComparison.OrdinalIgnoreCase)
            ? new PipelineFailure("out_of_memory", $"node {node}: {message}")
            : PipelineFailure.Error($"node {node}: {message}");
    }
}
