namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>An expression of a node came out longer than an engine should be given.</summary>
public sealed class StatementTooLongException(string nodeId, int length, int limit)
    : Exception(
        $"node {nodeId}: the compiled statement has {length} characters, at most {limit} are allowed; split its expressions over several nodes"
    )
{
    /// <summary>The node in which the statement ends.</summary>
    public string NodeId { get; } = nodeId;
}
