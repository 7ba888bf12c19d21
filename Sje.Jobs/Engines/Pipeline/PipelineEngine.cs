using Sje.Core.Jobs;
using Sje.Core.Pipelines;
using Sje.Core.Pipelines.Components;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>
/// Runs pipelines with DuckDB, inside a child process. What is wrong with the pipeline as written is <c>invalid</c>; what may be
/// otherwise at the next try (a file that is not there yet, a value that does not fit) is <c>error</c>.
/// </summary>
internal sealed class PipelineEngine(TimeProvider clock) : IEngine
{
    public string Type => PipelineTaskType.Name;

    public EnginePlacement Placement => EnginePlacement.Child;

    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        try
        {
            var faults = new List<Fault>();
            var pipeline =
                PipelineReader.Read(context.Settings, "", faults)
                ?? throw PipelineFailure.Invalid(string.Join("; ", faults.Select(f => f.Detail)));
            return await new PipelineRun(context, pipeline.Filled(context.Scope), clock).RunAsync(stop);
        }
        catch (PipelineFailure e)
        {
            return new EngineResult { Error = e.ToError() };
        }
        catch (TemplateException e)
        {
            return new EngineResult { Error = new TaskError("invalid", e.Message) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new EngineResult { Error = new TaskError("error", e.Message) };
        }
    }
}
