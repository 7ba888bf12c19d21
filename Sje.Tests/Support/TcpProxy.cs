using System.Net;
using System.Net.Sockets;

namespace Sje.Tests.Support;

/// <summary>
/// A route between a process and its database that can fall silent: connections stay open, new ones are taken, and nothing comes through in either
/// direction. When it speaks again, what was under way arrives late, as on a network that was cut and healed.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int target;
    private readonly Task accepting;
    private TaskCompletionSource speaking = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Opens a route to a port of this machine.</summary>
    public TcpProxy(int target)
    {
        this.target = target;
        speaking.SetResult();
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Lets nothing through from now on.</summary>
    public void FallSilent()
    {
        if (speaking.Task.IsCompleted)
        {
            speaking = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Lets everything through again.</summary>
    public void Speak() => speaking.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Speak();
        listener.Stop();
        await accepting;
        listener.Dispose();
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                _ = JoinAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It is being closed.
        }
    }

    private async Task JoinAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            await speaking.Task.WaitAsync(stop.Token);
            await far.ConnectAsync(IPAddress.Loopback, target, stop.Token);
            near.NoDelay = far.NoDelay = true;
            await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
        {
            // The database is down, or the route is being closed: the client finds its connection closed.
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to)
    {
        try
        {
            var (source, sink) = (from.GetStream(), to.GetStream());
            var buffer = new byte[32 * 1024];
            int count;
            while ((count = await source.ReadAsync(buffer, stop.Token)) > 0)
            {
                await speaking.Task.WaitAsync(stop.Token);
                await sink.WriteAsync(buffer.AsMemory(0, count), stop.Token);
            }
        }
        catch (Exception e)
            when (e is OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException
            )
        {
            // One end is gone, and the other goes with it.
        }
    }
}
