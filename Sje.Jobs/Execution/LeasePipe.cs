using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Execution;

/// <summary>
/// The worker's end of a child's lease pipe. Each heartbeat writes one line, the deadline in seconds of <see cref="BootClock"/> with
/// two decimals; the guard in the child's session (launcher.sh) ends the session when the last deadline has passed or the pipe
/// has no writer any more. So the child dies with this process however that ends, and in time when it is merely stopped.
/// </summary>
/// <remarks>
/// It owns a duplicate of the child's standard input, since CliWrap closes its own when the command has ended, and what the
/// command left behind must be able to end in peace. Both are close-on-exec: no other child holds this pipe open.
/// </remarks>
internal sealed class LeasePipe : IDisposable
{
    private readonly FileStream pipe;

    public LeasePipe(Stream standardInput)
    {
        var handle = standardInput is PipeStream pipe
            ? pipe.SafePipeHandle
            : throw new NotSupportedException($"Standard input of a child is a {standardInput.GetType()}, not a pipe.");
        var copy = fcntl(handle.DangerousGetHandle().ToInt32(), DuplicateCloseOnExec, 0);
        GC.KeepAlive(standardInput);
        if (copy < 0)
        {
            throw new IOException($"The lease pipe could not be duplicated: error {Marshal.GetLastPInvokeError()}.");
        }

        this.pipe = new FileStream(new SafeFileHandle(copy, ownsHandle: true), FileAccess.Write, bufferSize: 0);
    }

    /// <summary>Passes deadlines on until <paramref name="stop"/>, or until the guard is gone.</summary>
    public async Task RunAsync(IAttemptLease lease, CancellationToken stop)
    {
        var deadline = lease.DeadlineUptime;
        try
        {
            while (true)
            {
                pipe.Write(Encoding.ASCII.GetBytes(Line(deadline)));
                deadline = await lease.NextDeadlineAsync(deadline, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The child has ended.
        }
        catch (IOException)
        {
            // The guard and the child are gone; whoever watches the child sees that.
        }
    }

    /// <summary>Lets the guard end the session at once.</summary>
    public void Dispose() => pipe.Dispose();

    /// <summary>Rounded down: never more than the lease gives.</summary>
    internal static string Line(double deadline) =>
        (Math.Floor(Math.Max(deadline, 0) * 100) / 100).ToString("0.00", CultureInfo.InvariantCulture) + "\n";

    private const int DuplicateCloseOnExec = 1030;

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fcntl(int descriptor, int command, int argument);
}
