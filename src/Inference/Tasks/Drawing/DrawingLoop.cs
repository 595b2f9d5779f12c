using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>
/// Draws for all requests of one model, on its own thread. Each turn: drop what was cancelled, pick pictures fairly, one call of the
/// denoiser for all of them, each at its own timestep, and decode what is to be shown. A picture is bit for bit that of a solo run.
/// </summary>
/// <remarks>Threads: <see cref="TryEnqueue"/>, <see cref="Cancel"/> and the queue's timers run anywhere and touch only what the gate
/// guards. Drawings belong to the loop's thread, which takes the gate only to pick and to let go, never while a graph runs.</remarks>
internal sealed partial class DrawingLoop : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly DrawingScope _scope;
    private readonly QueuePlaces _places;
    private readonly DrawingLine _line;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastTurnAt;
    private bool _stopping;

    public DrawingLoop(DrawingScope scope)
    {
        _scope = scope;
        _places = new QueuePlaces(scope.Queue.QueueLength, scope.Queue.QueueLengthPerOrganization);
        _line = new DrawingLine(_places, scope.Quiet, scope.Clock);
        _lastTurnAt = Clock.GetTimestamp();
        new Thread(Run) { IsBackground = true, Name = $"painter {scope.Model}" }.Start();
    }

    /// <summary>How busy it is now. Any thread.</summary>
    public ModelLoad Load
    {
        get
        {
            lock (_gate)
            {
                return new ModelLoad(_line.Requests.Count - _places.Taken, _places.Taken);
            }
        }
    }

    /// <summary>Age of the last turn while there is work; zero without work. Any thread.</summary>
    public TimeSpan Stalled
    {
        get
        {
            lock (_gate)
            {
                return _line.IsEmpty ? TimeSpan.Zero : Clock.GetElapsedTime(_lastTurnAt);
            }
        }
    }

    private TimeProvider Clock => _scope.Clock;

    private DiffusionGraphs Graphs => _scope.Painter.Graphs;

    /// <summary>Takes a request, or returns the refusal. Any thread.</summary>
    public OpenAiError? TryEnqueue(DrawingRequest request)
    {
        lock (_gate)
        {
            if (_stopping || request.Cancelled || !MakeRoom(request.Identity.Party))
            {
                return OpenAiError.Overloaded(RetryAfter);
            }

            if (_line.IsEmpty)
            {
                _lastTurnAt = Clock.GetTimestamp();
            }

            request.EnqueuedAt = Clock.GetTimestamp();
            request.Deadline = Clock.CreateTimer(Expire, request, _scope.Queue.QueueTimeout, Timeout.InfiniteTimeSpan);
            _line.Add(request);
            _wake.Set();
            return null;
        }
    }

    /// <summary>Nobody wants the pictures any more; they leave at the next turn. Any thread, any number of times.</summary>
    public void Cancel(DrawingRequest request)
    {
        lock (_gate)
        {
            request.Cancelled = true;
            if (!_stopping)
            {
                _wake.Set(); // A request whose answer outlives the loop is cancelled too.
            }
        }
    }

    /// <summary>Ends everything and the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            _wake.Set();
        }

        await _finished.Task;
        _wake.Dispose();
    }

    /// <summary>Called with the gate held.</summary>
    private bool MakeRoom(Party party)
    {
        if (_places.MayEnter(party) || _line.IsEmpty)
        {
            return true;
        }

        if (_places.FindDisplaced(party) is not { } holder || _line.LastWaiting(holder) is not { } displaced)
        {
            _scope.Metrics.Refused(_scope.Model, "queue_full");
            return false;
        }

        _scope.Metrics.Refused(_scope.Model, "displaced");
        End(displaced, OpenAiError.Overloaded(RetryAfter));
        return true;
    }

    /// <summary>A request has waited too long for its first turn.</summary>
    private void Expire(object? state)
    {
        var request = (DrawingRequest)state!;
        lock (_gate)
        {
            if (request.Queued is null && !request.IsOver)
            {
                _scope.Metrics.Refused(_scope.Model, "queue_timeout");
                End(request, OpenAiError.Overloaded(RetryAfter));
            }
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void End(DrawingRequest request, OpenAiError? failure)
    {
        if (request.IsOver)
        {
            return;
        }

        request.IsOver = true;
        request.Failure ??= failure;
        request.Deadline?.Dispose();
        _line.Remove(request);
        request.End();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                lock (_gate)
                {
                    DropEnded();
                    if (_stopping)
                    {
                        return;
                    }
                }

                if (!TryTurn())
                {
                    _wake.WaitOne(HasWork() ? QuietOrganizations.Step : Timeout.InfiniteTimeSpan);
                }
            }
        }
        finally
        {
            _finished.SetResult();
        }
    }

    private bool HasWork()
    {
        lock (_gate)
        {
            return !_line.IsEmpty;
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void DropEnded()
    {
        foreach (var request in _line.Requests)
        {
            if (_stopping)
            {
                End(request, OpenAiError.Overloaded(RetryAfter));
            }
            else if (request.Cancelled)
            {
                End(request, null);
            }
        }
    }

    /// <summary>One turn. False when there is nothing to draw now.</summary>
    private bool TryTurn()
    {
        IReadOnlyList<PictureInWork> pictures;
        lock (_gate)
        {
            pictures = _line.Pick(_scope.Batching ? _scope.Options.PicturesPerCall : 1, ShareCalls);
            foreach (var request in pictures.Select(picture => picture.Request).Where(request => request.Queued is null).Distinct())
            {
                request.Queued = Clock.GetElapsedTime(request.EnqueuedAt);
                request.Deadline?.Dispose();
                _line.Start(request);
                _scope.Metrics.Admitted(_scope.Model, request.Queued.Value);
            }
        }

        if (pictures.Count == 0)
        {
            return false;
        }

        var started = Clock.GetTimestamp();
        IReadOnlyList<PictureInWork> stepped =
            TryStep(pictures) ? pictures : pictures.Count == 1 ? [] : [.. pictures.Where(picture => TryStep([picture]))];
        foreach (var picture in stepped)
        {
            TryShow(picture);
        }

        lock (_gate)
        {
            _line.Charge(pictures, Clock.GetElapsedTime(started));
            _lastTurnAt = Clock.GetTimestamp();
        }

        return true;
    }

    /// <summary>Whether two pictures can be rows of one call.</summary>
    private bool ShareCalls(PictureInWork first, PictureInWork other) => first.Request.Plan.Shape == other.Request.Plan.Shape
        && (_scope.Defaults.OwnTimesteps || TimestepOf(first) == TimestepOf(other));

    private double TimestepOf(PictureInWork picture) =>
        picture.Drawing?.Timestep ?? _scope.Painter.Layout.Scheduler.Begin(picture.Request.Plan.Steps).Timesteps[0];

    /// <summary>Takes pictures one step on. False when a graph failed, and then none of them has moved; a picture alone fails its
    /// request.</summary>
    private bool TryStep(IReadOnlyList<PictureInWork> pictures)
    {
        try
        {
            Step(pictures);
            return true;
        }
#pragma warning disable CA1031 // A thread that dies stops the model for everyone.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(pictures, exception);
            return false;
        }
    }

    private void TryShow(PictureInWork picture)
    {
        try
        {
            Show(picture);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail([picture], exception);
        }
    }

    private void Fail(IReadOnlyList<PictureInWork> pictures, Exception exception)
    {
        Log.StepFailed(_scope.Logger, exception, _scope.Model, pictures.Count);
        if (pictures.Count == 1)
        {
            lock (_gate)
            {
                End(pictures[0].Request, OpenAiError.ServerError());
            }
        }
    }

    private void Step(IReadOnlyList<PictureInWork> pictures)
    {
        var rows = new List<DenoiserRow>();
        foreach (var picture in pictures)
        {
            Begin(picture);
            picture.Drawing!.AddRows(rows);
        }

        var shape = pictures[0].Request.Plan.Shape;
        var outputs = new List<float[]>();
        foreach (var part in rows.Chunk(Graphs.Rows ?? rows.Count))
        {
            outputs.AddRange(Graphs.Denoise(part, shape.Height, shape.Width, _scope.Defaults.OwnTimesteps));
        }

        var first = 0;
        foreach (var picture in pictures)
        {
            var drawing = picture.Drawing!;
            drawing.Step(outputs.GetRange(first, drawing.Rows).ToArray());
            first += drawing.Rows;
            picture.Request.CountStep(drawing.CallsDone);
        }
    }

    private void Begin(PictureInWork picture)
    {
        if (picture.Drawing is not null)
        {
            return;
        }

        var (request, plan) = (picture.Request, picture.Request.Plan);
        if (request.Text is null)
        {
            var guided = _scope.Painter.EncodeText(plan.Prompt);
            request.Text = new LatentText(
                guided, plan.Unguided is null ? null : plan.ZeroUnguided ? guided.Zeros() : _scope.Painter.EncodeText(plan.Unguided));
            request.CountText(plan.TextTokens);
        }

        picture.Drawing = new LatentPicture(
            request.Text, plan.Shape, plan.Guidance, _scope.Painter.Layout.Scheduler.Begin(plan.Steps),
            new PictureNoise((ulong)plan.Seed, (uint)picture.Index));
    }

    /// <summary>Decodes what is to be shown after a step.</summary>
    private void Show(PictureInWork picture)
    {
        var (drawing, request) = (picture.Drawing!, picture.Request);
        var partial = request.Plan.PartialAfter(drawing.CallsDone, drawing.Calls);
        if (request.Cancelled || (partial is null && !drawing.Finished))
        {
            return;
        }

        var latent = drawing.Finished ? drawing.Sample : drawing.Predicted;
        if (latent.ContainsAny(float.NaN, float.PositiveInfinity, float.NegativeInfinity))
        {
            throw new OnnxOutputException($"The denoiser gave no numbers up to its call {drawing.CallsDone}.");
        }

        request.Show(new DrawnPicture(
            picture.Index, partial, Math.Min(drawing.CallsDone, request.Plan.Steps),
            Graphs.DecodePicture(latent, drawing.Shape.Height, drawing.Shape.Width)));
        if (drawing.Finished)
        {
            lock (_gate)
            {
                _line.Remove(picture);
                if (--request.Remaining == 0)
                {
                    End(request, null);
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Model {Model}: a step of {Pictures} pictures failed.")]
        public static partial void StepFailed(ILogger logger, Exception exception, string model, int pictures);
    }
}
