using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary><c>noop: {waitMs: 250}</c>: does nothing, for as long as it says. For measuring and for trying a workflow out.</summary>
public sealed class NoopTaskType : ITaskType
{
    /// <summary>The longest wait, in milliseconds: a day.</summary>
    public const int MostMs = 86_400_000;

    /// <inheritdoc/>
    public string Type => "noop";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => [];

    /// <inheritdoc/>
    public IEnumerable<Fault> Validate(JsonObject settings, string pointer, IReadOnlyList<JobParameter> parameters)
    {
        var faults = new FaultList();
        var fields = new Fields(settings, pointer, faults);
        if (fields.Whole("waitMs") is { } wait && wait is < 0 or > MostMs)
        {
            faults.Add(fields.At("waitMs"), FaultCodes.OutOfRange, $"{wait} is not between 0 and {MostMs}.");
        }

        fields.RefuseOthers();
        return faults.ToList();
    }
}
