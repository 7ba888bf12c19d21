using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>
/// Makes and removes the private directories of attempts: <c>WORKROOT/HOST-PID-START/TASK-ATTEMPT</c>. The middle part names the worker
/// process, so what a killed worker left can be told from what a living one still uses, on this machine or on another one
/// that shares the storage.
/// </summary>
public sealed class AttemptDirectories
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly Lazy<string> Host = new(ReadHost);
    private static readonly Lazy<string> OwnName = new(ReadOwnName);

    private readonly ExecutionOptions options;
    private readonly ILogger<AttemptDirectories> logger;

    /// <summary>Made by the container.</summary>
    public AttemptDirectories(IOptions<ExecutionOptions> options, ILogger<AttemptDirectories> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options.Value;
        this.logger = logger;
    }

    /// <summary>A new, empty directory that only this user can enter; removed when disposed.</summary>
    public AttemptDirectory Create(string storageRoot, AttemptIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Tasks run on Linux only: their guard needs sessions and /proc.");
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{identity.TaskId:N}-{identity.Attempt}");
        var path = Path.Combine(WorkRoot(storageRoot), OwnName.Value, name);
        if (Directory.Exists(path))
        {
            // An attempt runs once; this can only be what a failed removal left.
            Remove(path);
        }

        Directory.CreateDirectory(path, Private);
        return new AttemptDirectory(path, Remove);
    }

    /// <summary>Removes what workers that are gone left behind. Only those of this machine: of others nobody here can tell.</summary>
    public void Sweep(string storageRoot, CancellationToken stop)
    {
        var root = WorkRoot(storageRoot);
        if (!Directory.Exists(root))
        {
            return;
        }

        foreach (var directory in Directory.EnumerateDirectories(root, Host.Value + "-*"))
        {
            stop.ThrowIfCancellationRequested();
            var parts = Path.GetFileName(directory).Split('-');
            if (
                parts.Length == 3
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
                && ProcessTable.Find(id) is var owner
                && (owner is not { IsDead: false } || owner.Value.StartTicks != start)
            )
            {
                ExecutionLog.DirectorySwept(logger, directory);
                Remove(directory);
            }
        }
    }

    private string WorkRoot(string storageRoot) => Path.GetFullPath(Path.Combine(storageRoot, options.WorkRoot));

    private static string ReadOwnName()
    {
        var start = ProcessTable.Find(Environment.ProcessId)?.StartTicks ?? 0;
        return string.Create(CultureInfo.InvariantCulture, $"{Host.Value}-{Environment.ProcessId}-{start}");
    }

    private void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another worker sweeps too.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next sweep tries again; an attempt must not fail for it.
            ExecutionLog.DirectoryStays(logger, path, e);
        }
    }

    // A process id means something only within a boot and a namespace of process ids: containers of one machine have several.
    private static string ReadHost()
    {
        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        var space = new FileInfo("/proc/self/ns/pid").LinkTarget ?? "";
        return Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.MachineName} {boot} {space}"))
        )[..16];
    }
}

/// <summary>The private directory of one attempt.</summary>
public sealed class AttemptDirectory : IDisposable
{
    private readonly Action<string> remove;

    internal AttemptDirectory(string path, Action<string> remove)
    {
        Path = path;
        this.remove = remove;
    }

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>Removes it with all that the attempt left in it.</summary>
    public void Dispose() => remove(Path);
}
