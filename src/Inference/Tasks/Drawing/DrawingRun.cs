using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>One request at a painter's loop, answered as one body or as events. Pictures become files here, on the request's own thread.
/// The <c>id:</c> of an event counts the pictures of which anything went out.</summary>
internal sealed class DrawingRun : ITaskRun
{
    private readonly DrawingJob _job;
    private readonly RequestScope _scope;
    private readonly DrawingRequest _request;

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

    public void Cancel() => Loop.Cancel(_request);

    public async Task AnswerAsync(Reply reply)
    {
        if ((_scope.CheckHold(_job.Wanted) ?? Loop.TryEnqueue(_request)) is { } refusal)
        {
            _request.Refuse();
            await reply.RefuseAsync(_request.Cancelled ? ErrorAnswer.Cancelled() : refusal);
            return;
        }

        await using var gone = reply.Gone.UnsafeRegister(static state => ((DrawingRun)state!).Cancel(), this);
        var format = new DrawingFormat(_job, _job.Painter.Clock.GetUtcNow().ToUnixTimeSeconds());
        await (_job.Request.Stream ? StreamAsync(reply, format) : SendWholeAsync(reply, format));
    }

    private async Task SendWholeAsync(Reply reply, DrawingFormat format)
    {
        var files = new byte[_job.Plan.Pictures][];
        await foreach (var picture in _request.Pictures.ReadAllAsync())
        {
            files[picture.Index] = format.Encode(picture);
        }

        await (FindError() is { } error
            ? reply.RefuseAsync(error)
            : reply.SendAsync(Units, Queued, json => format.WriteWhole(json, files, Units)));
    }

    private async Task StreamAsync(Reply reply, DrawingFormat format)
    {
        using var stream = reply.OpenEvents();
        var (begun, seen) = (false, new HashSet<int>());
        await foreach (var picture in _request.Pictures.ReadAllAsync())
        {
            if (!begun)
            {
                begun = true;
                reply.BeginEvents(new Units(_job.Plan.TextTokens), Queued);
            }

            seen.Add(picture.Index);
            stream.Write(seen.Count, DrawingFormat.EventOf(picture), (format, picture), static (state, json) =>
                state.format.WriteEvent(json, state.picture));
            await stream.FlushAsync(reply.Gone);
        }

        if (FindError() is not { } error)
        {
            stream.WriteDone(seen.Count);
            await stream.FlushAsync(reply.Gone);
        }
        else if (!begun)
        {
            await reply.RefuseAsync(error);
        }
        else if (_request.Cancelled)
        {
            reply.Abort();
        }
        else
        {
            stream.Write(seen.Count, error, static (failure, json) => failure.WriteTo(json));
            await stream.FlushAsync(reply.Gone);
        }
    }

    private OpenAiError? FindError() => _request.Failure ?? (_request.Remaining > 0 ? ErrorAnswer.Cancelled() : null);

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
