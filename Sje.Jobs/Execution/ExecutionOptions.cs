using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Sje.Jobs.Execution;

/// <summary>How attempts run on this worker.</summary>
public sealed class ExecutionOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "execution";

    /// <summary>Seconds between SIGTERM and SIGKILL when a task is stopped; its last chance to write a checkpoint. 0 to 3600.</summary>
    [Range(0.0, 3600.0)]
    public double StopGraceSeconds { get; set; } = 5;

    /// <summary>Most log that one attempt may write, in bytes; what follows is dropped. At least 64 KiB.</summary>
    [Range(64L * 1024, long.MaxValue)]
    public long MaxLogBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>Where the private directories of attempts stand; relative to <c>storage.root</c>. Not shared between machines if that can be helped.</summary>
    [Required]
    public string WorkRoot { get; set; } = ".sje/work";

    /// <summary>Most files that a process of a task may have open (RLIMIT_NOFILE, never raised); 0 leaves the worker's own limit.</summary>
    [Range(0, 1024 * 1024)]
    public int MaxOpenFiles { get; set; } = 65536;

    /// <summary>Most seconds of processor time that one process of a task may use (RLIMIT_CPU); 0 is no limit.</summary>
    [Range(0, int.MaxValue)]
    public int MaxCpuSeconds { get; set; }

    /// <summary>
    /// Names of environment variables of the worker that tasks get too, beside PATH, HOME, LANG, LC_ALL and TZ: <c>JAVA_HOME</c>.
    /// </summary>
    public IList<string> PassEnvironment { get; } = [];
}

/// <summary>Checks <see cref="ExecutionOptions"/> when the process starts.</summary>
[OptionsValidator]
internal sealed partial class ExecutionOptionsValidator : IValidateOptions<ExecutionOptions>;
