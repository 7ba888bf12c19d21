using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sje.Tests.Support;

/// <summary>The real binary as a process of its own, in a folder of its own.</summary>
internal sealed class SjeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process process;
    private readonly StringBuilder errors = new();
    private readonly StringBuilder output = new();

    private SjeProcess(Process process) => this.process = process;

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public string Output => Text(output);

    public string Errors => Text(errors);

    /// <summary>Starts <c>sje WORDS</c>.</summary>
    public static SjeProcess Start(
        string folder,
        IReadOnlyList<string> words,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        // Whoever started the tests may ignore Ctrl-C (a shell does for what it runs in the background), and a program inherits that.
        var start = new ProcessStartInfo(
            "env",
            ["--default-signal=INT", Path.Combine(AppContext.BaseDirectory, "sje"), .. words]
        )
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        foreach (
            var name in start.Environment.Keys.Where(name => name.StartsWith("SJE_", StringComparison.Ordinal)).ToList()
        )
        {
            // The settings of the test run are not the program's.
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("sje could not be started.");
        var sje = new SjeProcess(process);
        process.ErrorDataReceived += (_, line) => Add(sje.errors, line.Data);
        process.OutputDataReceived += (_, line) => Add(sje.output, line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return sje;
    }

    /// <summary>Runs <c>sje WORDS</c> to its end.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(string folder, params string[] words)
    {
        await using var sje = Start(folder, words);
        var code = await sje.EndAsync();
        return (code, sje.Output, sje.Errors);
    }

    /// <summary>Waits until the server of the folder answers, and returns its address.</summary>
    public async Task<string> ReadyAsync(string folder)
    {
        var file = Path.Combine(folder, ".sje", "run.json");
        string? url = null;
        await EventuallyAsync(
            () =>
            {
                Assert.False(process.HasExited, "sje ended: " + Errors);
                if (File.Exists(file))
                {
                    using var run = System.Text.Json.JsonDocument.Parse(File.ReadAllText(file));
                    url =
                        run.RootElement.GetProperty("processId").GetInt32() == Id
                            ? run.RootElement.GetProperty("url").GetString()
                            : null;
                }

                return url is not null;
            },
            () => Errors
        );
        return url!; // the condition above
    }

    /// <summary>Sends a signal by its name: INT, TERM, KILL.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for the end and returns the exit code.</summary>
    public async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"sje did not end within {Patience.TotalSeconds} s. It said: {Errors}");
        }

        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Signal("TERM");
            await EndAsync();
        }

        process.Dispose();
    }

    /// <summary>Waits for a condition.</summary>
    public static async Task EventuallyAsync(Func<bool> condition, Func<string>? context = null)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(since) < Patience,
                $"It did not happen within {Patience.TotalSeconds} s. {context?.Invoke()}"
            );
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    /// <summary>A port that is free now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void Add(StringBuilder text, string? line)
    {
        lock (text)
        {
            if (line is not null)
            {
                text.AppendLine(line);
            }
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
