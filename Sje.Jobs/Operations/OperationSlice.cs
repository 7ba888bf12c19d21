using System.Text.Json.Nodes;
using Npgsql;

namespace Sje.Jobs.Operations;

/// <summary>How far an operation is: behind this row. The instant is there where rows go by one.</summary>
internal readonly record struct OperationPlace(DateTimeOffset? At, Guid Id);

/// <summary>An operation whose row is held while a slice of it is worked off.</summary>
internal sealed record TakenOperation(
    Guid Id,
    OperationKind Kind,
    string Filter,
    JsonObject Settings,
    bool IsChosen,
    string? Tenant,
    string? By,
    DateTimeOffset Until,
    OperationPlace? Position
);

/// <summary>What became of a slice.</summary>
/// <param name="Done">How many rows are changed.</param>
/// <param name="Unchanged">Why the others could not be: how many of each reason.</param>
/// <param name="Last">The last row of the slice.</param>
internal sealed record OperationSlice(long Done, IReadOnlyDictionary<string, long> Unchanged, OperationPlace Last)
{
    /// <summary>What is to be counted once the slice is committed.</summary>
    public Action? Committed { get; init; }

    /// <summary>A slice none of whose rows could be changed.</summary>
    public static OperationSlice Refused(long rows, string why, OperationPlace last) =>
        new(0, new Dictionary<string, long> { [why] = rows }, last);
}

/// <summary>What operations of some kinds do to the rows that they mean.</summary>
internal interface IOperationWork
{
    /// <summary>Whether it is about operations of this kind.</summary>
    bool Does(OperationKind kind);

    /// <summary>Changes the next rows behind the operation's place, in a transaction that holds its row; null when there are none.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="connection">Where the transaction is.</param>
    /// <param name="transaction">Takes the changes and how far the operation is, or neither.</param>
    /// <param name="most">How many rows at most.</param>
    /// <param name="asFailure">Why the rows are only to be noted as failed; null to change them.</param>
    /// <param name="stop">Gives up.</param>
    Task<OperationSlice?> WorkAsync(
        TakenOperation operation,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        int most,
        string? asFailure,
        CancellationToken stop
    );
}
