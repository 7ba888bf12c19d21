using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Queueing;

/// <summary>What the column <c>spec</c> of a task holds: all that a worker needs of the job's text to run this one task.</summary>
internal sealed record StoredTaskSpec(
    JsonObject Settings,
    RetrySpec Retry,
    ResourceSpec Resources,
    IReadOnlyList<JobParameter> Parameters
)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static string Write(TaskSpec task, JobSpec job) =>
        JsonSerializer.Serialize(
            new StoredTaskSpec(task.Settings, task.Retry, task.Resources, job.Parameters),
            Options
        );

    /// <summary>Reads what was written, by this version or another, or by hand.</summary>
    /// <exception cref="UnreadableTaskSpecException">It holds something else, or not all of it.</exception>
    public static StoredTaskSpec Read(string json)
    {
        StoredTaskSpec? spec;
        try
        {
            spec = JsonSerializer.Deserialize<StoredTaskSpec>(json, Options);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new UnreadableTaskSpecException(e.Message);
        }

        // Deserializing leaves null where the text says nothing, whatever the types promise.
        var missing =
            spec is null ? "everything"
            : spec.Settings is null ? "settings"
            : spec.Retry is null ? "retry"
            : spec.Resources?.Labels is null ? "resources"
            : spec.Parameters is null || spec.Parameters.Any(p => p is null) ? "parameters"
            : null;
        return missing is null ? spec! : throw new UnreadableTaskSpecException($"'{missing}' is missing or incomplete"); // Nothing is missing.
    }
}

/// <summary>The stored specification of a task cannot be read: no attempt of it can run, here or elsewhere.</summary>
internal sealed class UnreadableTaskSpecException(string what) : Exception(what);
