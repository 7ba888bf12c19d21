using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Kubernetes;

namespace Sje.Tests.Support.Clusters;

/// <summary>
/// A Kubernetes cluster of this run's own on loopback: a real API server, scheduler and controllers, whose pods are processes. Started for the
/// first test that asks, and gone at the end, also when the run is killed. Tests that break it repair it again.
/// </summary>
internal sealed class KubernetesCluster
{
    public const string Space = "spark";

    private static readonly Lazy<Task<KubernetesCluster>> Shared = new(StartOwnAsync);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    // Held for good: collected, they would close their pipes, and the guard would take that for the end of the run.
    private static Process? guard;

    private readonly Uri control;

    private KubernetesCluster(string program, string folder, string address, string sparkFolder)
    {
        (Program, Folder, Address, SparkFolder) = (program, folder, address, sparkFolder);
        control = new Uri(ControlAddress(File.ReadAllText(Path.Combine(folder, "control")).Trim()) + "/");
        Admin = new KubernetesApi(
            new SparkClusterOptions { Master = "k8s://" + address, Kubeconfig = Path.Combine(folder, "kubeconfig") },
            TimeSpan.FromSeconds(30)
        );
    }

    /// <summary>The program, which is <c>kubectl</c> too.</summary>
    public string Program { get; }

    /// <summary>Its folder with the certificates and tokens.</summary>
    public string Folder { get; }

    /// <summary>The API server's address.</summary>
    public string Address { get; }

    /// <summary>The Spark of its image <c>spark:4.1.1</c>.</summary>
    public string SparkFolder { get; }

    /// <summary>The administrator's access, signed in by kubeconfig.</summary>
    public KubernetesApi Admin { get; }

    /// <summary>A profile of it, signed in by a token that may do what SJE needs in one namespace.</summary>
    public SparkClusterOptions Profile =>
        new()
        {
            Master = "k8s://" + Address,
            Namespace = Space,
            Image = "spark:4.1.1",
            ServiceAccount = "spark",
            CaCertFile = Path.Combine(Folder, "ca.crt"),
            TokenFile = Path.Combine(Folder, "token"),
        };

    /// <summary>The cluster of this run; skips the test where there can be none.</summary>
    public static Task<KubernetesCluster> StartedAsync()
    {
        if (WhyNot() is { } reason)
        {
            Assert.False(Environment.GetEnvironmentVariable("SJE_TEST_REQUIRE") == "1", reason);
            Assert.Skip(reason);
        }

        SparkHome.Shared("spark", "spark-home");
        SparkHome.Shared("kubernetes", "kube-loopback.xz");
        return Shared.Value;
    }

    /// <summary>Breaks or repairs something: <c>nodes/node-2/kill</c>.</summary>
    public async Task ControlAsync(string path)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var answer = await client.PostAsync(new Uri(control, path), null);
        Assert.True(
            answer.IsSuccessStatusCode,
            $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}"
        );
    }

    private static string ControlAddress(string written) =>
        written.StartsWith("http", StringComparison.Ordinal) ? written.TrimEnd('/') : "http://" + written;

    private static string? WhyNot() =>
        !OperatingSystem.IsLinux() ? "the test cluster runs on Linux only"
        : Environment.UserName != "root" ? "the test cluster needs root, for the namespaces of its pods"
        : null;

    private static async Task<KubernetesCluster> StartOwnAsync()
    {
        var spark = await SparkHome.PathAsync();
        var program = await UnpackAsync(SparkHome.Shared("kubernetes", "kube-loopback.xz"));
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

    private static async Task<KubernetesCluster> StartOnceAsync(string program, string spark)
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
        guard = StartGuard(process.Id, folder);
        var said = new ConcurrentQueue<string>();
        var ready = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Heard(line.Data);
        process.ErrorDataReceived += (_, line) => Heard(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var late = limit.Token.Register(() => ready.TrySetException(new TimeoutException()));
        try
        {
            var address = await ready.Task;
            return new KubernetesCluster(program, folder, address, spark);
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
        var folder = Directory.CreateDirectory(RepositoryFiles.Path(".sje", "test-kubernetes")).FullName;
        var program = Path.Combine(
            folder,
            FormattableString.Invariant($"kube-loopback-{info.Length}-{info.LastWriteTimeUtc.Ticks}")
        );
        if (!File.Exists(program))
        {
            // Several runs may do so at once; the last rename wins, and all are the same.
            var part = Path.Combine(folder, Path.GetRandomFileName());
            await SparkHome.RunAsync(
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
