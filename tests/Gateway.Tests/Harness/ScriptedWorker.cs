using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;

namespace Tollgate.Gateway.Tests.Harness;

/// <summary>
/// A worker on a raw socket: it does exactly what a test writes, byte by byte, so that it can also do what no proper server would. Status
/// and cancel calls are answered by itself.
/// </summary>
internal sealed class ScriptedWorker : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _connections = new();
    private Task _accepting = Task.CompletedTask;

    private ScriptedWorker()
    {
    }

    /// <summary>What a request to <c>/v1/…</c> meets.</summary>
    public Func<WorkerCall, Task> Script { get; set; } = call => call.AnswerAsync("{}", new Units(1, Output: 1));

    public WorkerStatus Status { get; set; } = StatusOf("worker-1");

    /// <summary>What a cancel call is told; null leaves it without an answer.</summary>
    public Func<Guid, Cancelled?> OnCancel { get; set; } = _ => new Cancelled(true, default);

    public ConcurrentQueue<Guid> CancelledRequests { get; } = new();

    public ConcurrentQueue<WorkerCall> Calls { get; } = new();

    public string Url { get; private set; } = "";

    public static ScriptedWorker Start()
    {
        var worker = new ScriptedWorker();
        worker._listener.Start();
        worker.Url = $"http://127.0.0.1:{((IPEndPoint)worker._listener.LocalEndpoint).Port}";
        worker._accepting = worker.AcceptAsync();
        return worker;
    }

    public static WorkerStatus StatusOf(string id, bool draining = false, int queued = 0, int slots = 4) => new(
        id, "test", "cpu", draining, DateTimeOffset.UnixEpoch,
        [
            new ServedModel(Card("tiny-assistant", "chat"), true, 0, queued, slots),
            new ServedModel(Card("tiny-embed", "embeddings"), true, 0, queued, slots),
            new ServedModel(Card("priceless", "chat"), true, 0, queued, slots),
        ]);

    /// <summary>A status with these versions of tiny-assistant alone.</summary>
    public static WorkerStatus StatusOf(string id, params (string Version, ModelState State)[] versions) => new(
        id, "test", "cpu", Draining: false, DateTimeOffset.UnixEpoch,
        [
            .. versions.Select(one => new ServedModel(
                Card("tiny-assistant", "chat") with { Version = one.Version }, one.State == ModelState.Ready, 0, 0, 4)
            {
                State = one.State,
            }),
        ]);

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return; // A test has ended it already.
        }

        await _stop.CancelAsync();
        await _accepting; // Before the listener stops: one that is asked to accept afterwards throws.
        _listener.Stop();
        await Task.WhenAll(_connections.Keys);
    }

    private static ModelCard Card(string name, string task) => new()
    {
        Name = name,
        Version = "1",
        Task = task,
        ContextLength = 512,
        DefaultMaxOutput = 64,
        Measure = new PromptMeasure(1, TextTokens: 3, IdTokens: task == "embeddings" ? 3 : 0, new ChatMeasure(8, 5, 1)),
        CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000),
    };

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                var connection = ServeAsync(socket);
                _connections.TryAdd(connection, 0);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return; // Stopped.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        await using var registration = _stop.Token.UnsafeRegister(static state => ((Socket)state!).Dispose(), socket);
        try
        {
            while (await WorkerCall.ReadAsync(stream, socket, _stop.Token) is { } call)
            {
                await AnswerAsync(call);
            }
        }
        catch (Exception exception)
            when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return; // The gateway reset it, or the script did.
        }
    }

    private async Task AnswerAsync(WorkerCall call)
    {
        if (call.Path == "/internal/status")
        {
            await call.AnswerAsync(JsonSerializer.Serialize(Status, ContractsJson.Default.WorkerStatus));
        }
        else if (call.Path.StartsWith("/internal/requests/", StringComparison.Ordinal))
        {
            var id = Guid.ParseExact(call.Path.Split('/')[3], "N");
            CancelledRequests.Enqueue(id);
            if (OnCancel(id) is { } cancelled)
            {
                await call.AnswerAsync(JsonSerializer.Serialize(cancelled, ContractsJson.Default.Cancelled));
            }
            else
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
            }
        }
        else
        {
            Calls.Enqueue(call);
            await Script(call);
        }
    }
}

/// <summary>One request at a scripted worker, and the pen to answer it.</summary>
internal sealed class WorkerCall
{
    private readonly NetworkStream _stream;
    private readonly Socket _socket;

    private WorkerCall(NetworkStream stream, Socket socket, string head, string body)
    {
        (_stream, _socket, Head, Body) = (stream, socket, head, body);
        Path = head.Split(' ')[1];
    }

    public string Path { get; }

    /// <summary>A header of the request; null where it has none of that name.</summary>
    public string? HeaderOf(string name) => Head.Split("\r\n")
        .FirstOrDefault(line => line.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase))?[(name.Length + 2)..];

    public string Head { get; }

    public string Body { get; }

    public static async Task<WorkerCall?> ReadAsync(NetworkStream stream, Socket socket, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        var length = head.ToString().Split("\r\n").Where(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
            .Select(line => int.Parse(line["Content-Length: ".Length..])).FirstOrDefault();
        var body = new byte[length];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return new WorkerCall(stream, socket, head.ToString(), Encoding.UTF8.GetString(body));
    }

    /// <summary>A whole answer in one piece.</summary>
    public Task AnswerAsync(string body, Units? units = null, int status = 200, string headers = "") => WriteAsync(
        $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n"
        + (units is { } known ? $"{Units.Header}: {known}\r\n" : "") + headers + "\r\n" + body);

    /// <summary>The headers of a stream.</summary>
    public Task StartStreamAsync(Units units, string headers = "") => WriteAsync(
        $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n{Units.Header}: {units}\r\n{headers}\r\n");

    /// <summary>One chunk of a stream.</summary>
    public Task ChunkAsync(string text) => WriteAsync($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

    /// <summary>The proper end of a chunked body.</summary>
    public Task EndAsync() => WriteAsync("0\r\n\r\n");

    public async Task WriteAsync(string bytes)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(bytes));
        await _stream.FlushAsync();
    }

    /// <summary>Dies: the connection is reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    /// <summary>Waits until the gateway closes or resets the connection.</summary>
    public async Task WaitForResetAsync()
    {
        try
        {
            await _stream.ReadExactlyAsync(new byte[1]);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return;
        }
    }
}
