using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>One request at a painter's loop, answered as one body or as events. Its prompt is checked before it joins the loop; pictures
/// are checked and become files here, on the request's own thread. The <c>id:</c> of an event is a <see cref="DrawingProgress"/>.</summary>
#pragma warning disable CA1001 // The source is never disposed: a cancel call may have found the run just before it ended.
internal sealed class DrawingRun : ITaskRun
#pragma warning restore CA1001
{
    private readonly DrawingJob _job;
    private readonly RequestScope _scope;
    private readonly DrawingRequest _request;
    private readonly CancellationTokenSource _cancel = new();
    private OpenAiError? _refusal;

    public DrawingRun(DrawingJob job, RequestScope scope)
    {
        (_job, _scope) = (job, scope);
        _request = new DrawingRequest(scope.Identity, job.Plan, OnEnded);
    }

    public Guid RequestId => _request.Identity.Id;

    public Units Units => _request.Units;

    public Task Ended => _request.Ended;

    private DrawingLoop Loop => _job.Painter.Loop;

    private TimeSpan Queued => _request.Queued ?? default;

    public void Cancel()
    {
        Loop.Cancel(_request);
        _cancel.Cancel();
    }

    public async Task AnswerAsync(Reply reply)
    {
        await using var gone = reply.Gone.UnsafeRegister(static state => ((DrawingRun)state!).Cancel(), this);
        if (await EnterAsync() is { } refusal)
        {
            await reply.RefuseAsync(_request.Cancelled ? ErrorAnswer.Cancelled() : refusal);
            return;
        }

        var format = new DrawingFormat(_job, _job.Painter.Clock.GetUtcNow().ToUnixTimeSeconds());
        await (_job.Request.Stream ? StreamAsync(reply, format) : SendWholeAsync(reply, format));
    }

    /// <summary>Joins the loop, or returns the error to answer with; nothing of the request is drawn then, and it has ended.</summary>
    private async Task<OpenAiError?> EnterAsync()
    {
        var entered = false;
        try
        {
            if (_scope.CheckHold(_job.Wanted) is { } aboveHold)
            {
                return aboveHold;
            }

            if (await _job.Checks.RefusePromptAsync(_scope.Identity.Party, _job.Request.Prompt, _cancel.Token) is { } refused)
            {
                _scope.NoteRefusal("prompt_check");
                return refused;
            }

            var full = Loop.TryEnqueue(_request);
            entered = full is null;
            return full;
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            return ErrorAnswer.Cancelled();
        }
        finally
        {
            if (!entered)
            {
                _request.Refuse();
            }
        }
    }

    /// <summary>Whether a picture must not go out, because it or one before it was refused; the drawing is cancelled then.</summary>
    private async Task<bool> IsRefusedAsync(DrawnPicture picture)
    {
        if (_refusal is null)
        {
            try
            {
                _refusal = await _job.Checks.RefusePictureAsync(
                    _scope.Identity.Party, new RawPicture(_job.Plan.Width, _job.Plan.Height, picture.Pixels), _cancel.Token);
            }
            catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
            {
                _refusal = ErrorAnswer.Cancelled();
            }

            if (_refusal is not null)
            {
                Cancel();
            }
        }

        return _refusal is not null;
    }

    private async Task SendWholeAsync(Reply reply, DrawingFormat format)
    {
        var files = new byte[_job.Plan.Pictures][];
        await foreach (var picture in _request.Pictures.ReadAllAsync())
        {
            if (!await IsRefusedAsync(picture))
            {
                files[picture.Index] = format.Encode(picture);
            }
        }

        await (FindError() is { } error
            ? RefuseAsync(reply, error)
            : reply.SendAsync(Units, Queued, json => format.WriteWhole(json, files, Units)));
    }

    private async Task StreamAsync(Reply reply, DrawingFormat format)
    {
        using var stream = reply.OpenEvents();
        var (begun, count, steps) = (false, 0L, new Dictionary<int, int>());
        await foreach (var picture in _request.Pictures.ReadAllAsync())
        {
            if (await IsRefusedAsync(picture))
            {
                continue;
            }

            if (!begun)
            {
                begun = true;
                reply.BeginEvents(new Units(_job.Plan.TextTokens, Pixels: _job.Plan.Pixels), Queued);
            }

            steps[picture.Index] = picture.Steps;
            count = DrawingProgress.Of(new Units(0, Images: steps.Count, Steps: steps.Values.Sum()));
            stream.Write(count, DrawingFormat.EventOf(picture), (format, picture), static (state, json) =>
                state.format.WriteEvent(json, state.picture));
            await stream.FlushAsync(reply.Gone);
        }

        if (FindError() is not { } error)
        {
            stream.WriteDone(count);
            await stream.FlushAsync(reply.Gone);
        }
        else if (!begun)
        {
            await RefuseAsync(reply, error);
        }
        else if (error.Status == ErrorAnswer.ClientClosedRequest)
        {
            reply.Abort();
        }
        else
        {
            stream.Write(count, error, static (failure, json) => failure.WriteTo(json));
            await stream.FlushAsync(reply.Gone);
        }
    }

    /// <summary>Ends without an answer. Where what was drawn is to blame, its steps are work without an answer; no picture went
    /// out.</summary>
    private Task RefuseAsync(Reply reply, OpenAiError error) => error.Status == 400
        ? reply.RefuseAsync(error, Units with { Images = 0, Pixels = 0 })
        : reply.RefuseAsync(error);

    private OpenAiError? FindError() =>
        _refusal ?? _request.Failure ?? (_request.Remaining > 0 ? ErrorAnswer.Cancelled() : null);

    /// <summary>Runs on a pool thread, when nothing is drawn any more and before the reader learns of it.</summary>
    private void OnEnded(DrawingRequest request)
    {
        if (request.Units != default)
        {
            _scope.Witness(request.Units);
        }

        _scope.NoteEnd(request.Failure is not null ? "failed" : request.Remaining > 0 ? "cancelled" : "ok", request.Units);
    }
}
