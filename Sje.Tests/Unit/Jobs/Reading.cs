using System.Text;
using System.Text.Json.Nodes;
using Sje.Core.Dialects;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

/// <summary>Short ways to read a job in these tests.</summary>
internal static class Reading
{
    public static readonly JobReader Reader = new(
        new TaskTypes([
            new ProcessTaskType(),
            new SparkTaskType(),
            new AnyTaskType("noop"),
            new AnyTaskType("pipeline"),
        ]),
        JobDialects.All
    );

    public static JobReadResult Job(string text, JobFormat format = JobFormat.Auto) =>
        Reader.Read(Encoding.UTF8.GetBytes(text), format);

    public static JobSpec Good(string text)
    {
        var result = Job(text);
        Assert.Empty(result.Faults);
        Assert.Equal(JobReadFailure.None, result.Failure);
        return result.Spec!;
    }

    /// <summary>The faults as <c>pointer code</c>, in order.</summary>
    public static string[] Faults(string text, JobFormat format = JobFormat.Auto)
    {
        var result = Job(text, format);
        Assert.Null(result.Spec);
        Assert.NotEmpty(result.Faults);
        return [.. result.Faults.Select(fault => $"{fault.Pointer} {fault.Code}")];
    }

    /// <summary>A task type that takes any settings.</summary>
    public sealed class AnyTaskType(string type) : ITaskType
    {
        public string Type => type;

        public IReadOnlyList<string> Aliases => [];

        public IEnumerable<Fault> Validate(
            JsonObject settings,
            string pointer,
            IReadOnlyList<JobParameter> parameters
        ) => [];
    }
}
