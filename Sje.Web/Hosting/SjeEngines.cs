using Sje.Core.Jobs;

namespace Sje.Web.Hosting;

/// <summary>The engines and task types that are built in.</summary>
internal static class SjeEngines
{
    /// <summary>The engines that run inside a child process, made without a container: a child needs none.</summary>
    public static IReadOnlyList<IEngine> ForChildren() => [];

    /// <summary>What the server and <c>sje run</c> know of task types.</summary>
    public static TaskTypes Types() => new([new ProcessTaskType(), new SparkTaskType()]);
}
