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

    public static StoredTaskSpec Read(string json) =>
        JsonSerializer.Deserialize<StoredTaskSpec>(json, Options)
        ?? throw new InvalidOperationException("A task without a stored specification.");
}
