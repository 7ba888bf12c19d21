using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Sje.Benchmarks;

/// <summary>The real binary in a process and a folder of its own, on the bench's database.</summary>
internal sealed class SjeServer : IAsyncDisposable
{
    private static readonly TimeProvider Clock = TimeProvider.System;

    private readonly Process process;
    private readonly string folder;

    private SjeServer(Process process, string folder) => (this.process, this.folder) = (process, folder);

    /// <summary>Starts <c>sje ROLE</c> with the settings that a user would have, but for the port and those that are given as variables.</summary>
    public static SjeServer Start(
        string role,
        string connectionString,
        IReadOnlyDictionary<string, string>? settings = null
    )
    {
        var folder = Directory.CreateTempSubdirectory("sje-bench-").FullName;
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "sje"), [role])
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("SJE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["SJE_ConnectionStrings__Sje"] = connectionString;
        start.Environment["SJE_server__urls"] = "http://127.0.0.1:0";
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("sje could not be started.");
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return new SjeServer(process, folder);
    }

    /// <summary>Processor time that it has used.</summary>
    public TimeSpan Cpu
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Resident memory in bytes, at this moment.</summary>
    public long Memory
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Its process id.</summary>
    public int Id => process.Id;

    /// <summary>The address of a server, once it answers.</summary>
    public async Task<Uri> ReadyAsync()
    {
        var file = Path.Combine(folder, ".sje", "run.json");
        while (!File.Exists(file))
        {
            if (process.HasExited)
            {
                throw new InvalidOperationException($"sje ended with {process.ExitCode}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), Clock);
        }

        using var run = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        return new Uri(run.RootElement.GetProperty("url").GetString() ?? "");
    }

    /// <summary>Ends it at once, as kill -9 does.</summary>
    public void Kill() => process.Kill();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using var term = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), Clock);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                await process.WaitForExitAsync();
            }
        }

        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
