using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Kubernetes;

namespace Sje.Testbed;

/// <summary>
/// A Kubernetes cluster on loopback: a real API server, scheduler and controllers, whose pods are processes. It is gone with this process, also
/// when that is killed.
/// </summary>
public class LoopbackKubernetes
{
    /// <summary>The namespace for drivers.</summary>
    public const string Space = "spark";

    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(90);

    // Held for good: collected, they would close their pipes, and the guard would take that for the end of the run.
    private static readonly ConcurrentBag<Process> Guards = [];

    private readonly Uri control;

    private LoopbackKubernetes(string program, string folder, string address, string sparkFolder)
    {
        (Program, Folder, Address, SparkFolder) = (program, folder, address, sparkFolder);
        control = new Uri(ControlAddress(File.ReadAllText(Path.Combine(folder, "control")).Trim()) + "/");
        Admin = new KubernetesApi(
            new SparkClusterOptions { Master = "k8s://" + address, Kubeconfig = Path.Combine(folder, "kubeconfig") },
            TimeSpan.FromSeconds(30)
        );
    }

    /// <summary>The same one.</summary>
    protected LoopbackKubernetes(LoopbackKubernetes other) =>
        (Program, Folder, Address, SparkFolder, control, Admin) = (
            other.Program,
            other.Folder,
            other.Address,
            other.SparkFolder,
            other.control,
            other.Admin
        );

    /// <summary>The program, which is <c>kubectl</c> too.</summary>
    public string Program { get; }

    /// <summary>Its folder with the certificates and tokens.</summary>
    public string Folder { get; }

    /// <summary>The API server's address.</summary>
    public string Address { get; }

    /// <summary>The Spark of its image <c>spark:4.1.1</c>.</summary>
    public string SparkFolder { get; }

    /// <summary>The administrator's access, signed in by kubeconfig.</summary>
    internal KubernetesApi Admin { get; }

    /// <summary>A profile of it, signed in by a token that may do what SJE needs in one namespace.</summary>
    internal SparkClusterOptions Profile =>
        new()
        {
            Master = "k8s://" + Address,
            Namespace = Space,
            Image = "spark:4.1.1",
            ServiceAccount = "spark",
            CaCertFile = Path.Combine(Folder, "ca.crt"),
            TokenFile = Path.Combine(Folder, "token"),
            SparkConf =
            {
                ["spark.driver.extraJavaOptions"] = ShortLives.JavaOptions,
                ["spark.executor.extraJavaOptions"] = ShortLives.JavaOptions,
            },
        };

    /// <summary>Starts one, which lives as long as this process; <see cref="AbsentException"/> where there can be none.</summary>
    public static Task<LoopbackKubernetes> StartAsync()
    {
        if (WhyNot() is { } reason)
        {
            throw AbsentException.Of(reason);
        }

        SparkDistribution.Shared("spark", "spark-home");
        SparkDistribution.Shared("kubernetes", "kube-loopback.xz");
        return StartOwnAsync();
    }

    /// <summary>Breaks or repairs something: <c>nodes/node-2/kill</c>.</summary>
    public async Task ControlAsync(string path)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var answer = await client.PostAsync(new Uri(control, path), null);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(
                $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}"
            );
        }
    }

    private static string ControlAddress(string written) =>
        written.StartsWith("http", StringComparison.Ordinal) ? written.TrimEnd('/') : "http://" + written;

    private static string? WhyNot() =>
        !OperatingSystem.IsLinux() ? "the test cluster runs on Linux only"
        : Environment.UserName != "root" ? "the test cluster needs root, for the namespaces of its pods"
        : null;

    private static async Task<LoopbackKubernetes> StartOwnAsync()
    {
        var spark = await SparkDistribution.PathAsync();
        var program = await UnpackAsync(SparkDistribution.Shared("kubernetes", "kube-loopback.xz"));
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await StartOnceAsync(program, spark);
            }
            catch (TimeoutException) when (tries < 2)
            {
                // Others may have taken the ports or addresses in the meantime.
            }
        }
    }

    private static async Task<LoopbackKubernetes> StartOnceAsync(string program, string spark)
    {
        var folder = Directory.CreateTempSubdirectory("sje-kube-").FullName;
        var port = FreePorts();
        // Addresses of its own, or two clusters would take each other's.
        var net = 80 + RandomNumberGenerator.GetInt32(80) * 2;
        var start = new ProcessStartInfo("setsid")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            ArgumentList =
            {
                program,
                "up",
                "--data",
                folder,
                "--port",
                port.ToString(CultureInfo.InvariantCulture),
                "--pod-net",
                FormattableString.Invariant($"127.{net}"),
                "--service-net",
                FormattableString.Invariant($"127.{net + 1}"),
                "--spark-home",
                spark,
                "--evict-after",
                "3s",
            },
        };
        start.Environment.Remove("KUBECONFIG");
        // Not ours to dispose: it lives as long as this process.
        var process = Process.Start(start) ?? throw new InvalidOperationException("setsid could not be started.");
        var guard = StartGuard(process.Id, folder);
        Guards.Add(guard);
        var said = new ConcurrentQueue<string>();
        var ready = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Heard(line.Data);
        process.ErrorDataReceived += (_, line) => Heard(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(LongestStart, TimeProvider.System);
        await using var late = limit.Token.Register(() => ready.TrySetException(new TimeoutException()));
        try
        {
            var address = await ready.Task;
            return new LoopbackKubernetes(program, folder, address, spark);
        }
        catch (TimeoutException e)
        {
            await guard.StandardInput.DisposeAsync();
            throw new TimeoutException($"The cluster is not ready:\n{string.Join('\n', said)}", e);
        }

        void Heard(string? line)
        {
            if (line is null)
            {
                ready.TrySetException(new TimeoutException());
                return;
            }

            said.Enqueue(line);
            if (line.Contains("READY", StringComparison.Ordinal))
            {
                ready.TrySetResult(
                    line.Split(' ').First(word => word.StartsWith("https://", StringComparison.Ordinal))
                );
            }
        }
    }

    /// <summary>A shell that waits for the end of its input, which comes with ours however we end, and stops the cluster then.</summary>
    private static Process StartGuard(int cluster, string folder)
    {
        var start = new ProcessStartInfo("setsid")
        {
            RedirectStandardInput = true,
            ArgumentList =
            {
                "bash",
                "-c",
                """
                    exec >/dev/null 2>&1
                    read -r _
                    kill -TERM "$1"
                    for _ in $(seq 150); do kill -0 "$1" || break; sleep 0.1; done
                    kill -KILL "$1"
                    rm -rf "$2"
                    """,
                "guard",
                cluster.ToString(CultureInfo.InvariantCulture),
                folder,
            },
        };
        return Process.Start(start) ?? throw new InvalidOperationException("setsid could not be started.");
    }

    private static async Task<string> UnpackAsync(string archive)
    {
        var info = new FileInfo(archive);
        var folder = Directory.CreateDirectory(Path.Combine(Clone.Root, ".sje", "test-kubernetes")).FullName;
        var program = Path.Combine(
            folder,
            FormattableString.Invariant($"kube-loopback-{info.Length}-{info.LastWriteTimeUtc.Ticks}")
        );
        if (!File.Exists(program))
        {
            // Several runs may do so at once; the last rename wins, and all are the same.
            var part = Path.Combine(folder, Path.GetRandomFileName());
            await SparkDistribution.RunAsync(
                "bash",
                ["-c", "xz -dc -- \"$1\" > \"$2\" && chmod +x -- \"$2\"", "unpack", archive, part]
            );
            File.Move(part, program, overwrite: true);
        }

        return program;
    }

    /// <summary>A port that is free, and the next one too.</summary>
    private static int FreePorts()
    {
        while (true)
        {
            using var one = new TcpListener(IPAddress.Loopback, 0);
            one.Start();
            var port = ((IPEndPoint)one.LocalEndpoint).Port;
            try
            {
                using var next = new TcpListener(IPAddress.Loopback, port + 1);
                next.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another pair.
            }
        }
    }
}
