using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Plan;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines;

/// <summary>
/// The task type <c>pipeline</c>: <c>{nodes: [...], spark: {...}}</c>. The second says how Spark is to be set up where it runs the pipeline; our
/// own engine keeps it for the job and has no use for it.
/// </summary>
public sealed class PipelineTaskType : ITaskType
{
    /// <summary>The canonical name.</summary>
    public const string Name = "pipeline";

    /// <inheritdoc/>
    public string Type => Name;

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => [];

    /// <inheritdoc/>
    public JsonObject Normalise(JsonObject settings)
    {
        var result = settings.DeepClone().AsObject();
        if (result["spark"] is JsonObject spark)
        {
            result["spark"] = SparkTaskType.InOneForm(spark);
        }

        return result;
    }

    /// <inheritdoc/>
    public IEnumerable<Fault> Validate(JsonObject settings, string pointer, IReadOnlyList<JobParameter> parameters)
    {
        var faults = new List<Fault>();
        if (PipelineReader.Read(settings, pointer, faults) is { } pipeline)
        {
            PipelinePlan.Make(pipeline, new Dictionary<string, Schema>(), new TemplateValues(parameters, null), faults);
        }

        return faults;
    }
}
