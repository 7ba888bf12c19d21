using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>Ends the run with an error for the user; it never leaves the engine.</summary>
internal sealed class PipelineFailure(string errorClass, string message) : Exception(message)
{
    public static PipelineFailure Invalid(string message) => new("invalid", message);

    public static PipelineFailure Error(string message) => new("error", message);

    public TaskError ToError() => new(errorClass, Message);
}
