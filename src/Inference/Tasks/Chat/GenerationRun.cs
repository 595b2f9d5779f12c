using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>
/// One request in the hands of a decoder's scheduler, answered as one body or as events. Headers go out with the first event, after the
/// prompt was read, so that until then an error has a status and the gateway can go elsewhere.
/// </summary>
internal sealed class GenerationRun : ITaskRun
{
    private readonly GenerationJob _job;
    private readonly RequestScope _scope;
    private readonly GenerationRequest _request;
    private readonly AnswerReader[] _readers;

    public GenerationRun(GenerationJob job, RequestScope scope)
    {
        (_job, _scope) = (job, scope);
        _request = new GenerationRequest(scope.Identity, job.Prompts, job.Plan, OnEnded);
        _readers = [.. _request.Choices.Select(_ => job.Reader(scope.Identity.Id))];
    }

    public Guid RequestId => _request.Identity.Id;

    public Units Units => _request.Units;

    public Task Ended => _request.Ended;

    private DecoderScheduler Scheduler => _job.Decoder.Scheduler;

    public void Cancel() => Scheduler.Cancel(_request);

    public async Task AnswerAsync(Reply reply)
    {
        if ((_scope.CheckHold(_job.Wanted) ?? Scheduler.TryEnqueue(_request)) is { } refusal)
        {
            _request.Refuse();
            await reply.RefuseAsync(_request.Cancelled ? ErrorAnswer.Cancelled() : refusal);
            return;
        }

        using var gone = reply.Gone.Register(Cancel);
        await (_job.Stream ? StreamAsync(reply) : SendWholeAsync(reply));
        _scope.NotePhases(Queued, _request.Choices.Max(choice => choice.Generated));
    }

    private async Task SendWholeAsync(Reply reply)
    {
        var texts = new ChoiceTexts(_request.Choices.Count);
        await foreach (var step in _request.Events.ReadAllAsync())
        {
            foreach (var read in _readers[step.Choice].Read(step))
            {
                if (texts.Add(read))
                {
                    _scope.NoteFirstToken();
                }
            }
        }

        if (FindError() is { } error)
        {
            await reply.RefuseAsync(error);
            return;
        }

        var choices = texts.Pick(_request.Choices, _job.Plan.ChoicesPerPrompt, _job.Kept);
        await reply.SendAsync(Units, Queued, json => MakeFormat(Units).WriteWhole(json, choices, Units));
    }

    private async Task StreamAsync(Reply reply)
    {
        using var stream = reply.OpenEvents();
        AnswerStream? answer = null;
        while (await _request.Events.WaitToReadAsync())
        {
            if (answer is null)
            {
                var prompt = _request.StatePrompt();
                answer = new AnswerStream(stream, MakeFormat(prompt), _request.Choices.Count);
                reply.BeginEvents(prompt, Queued);
                _scope.NoteFirstToken();
            }

            while (_request.Events.TryRead(out var step))
            {
                foreach (var read in _readers[step.Choice].Read(step))
                {
                    answer.Write(read);
                }
            }

            await stream.FlushAsync(reply.Gone);
        }

        if (FindError() is not { } error)
        {
            answer!.End(Units);
            await stream.FlushAsync(reply.Gone);
        }
        else if (answer is not { Begun: true })
        {
            await reply.RefuseAsync(error);
        }
        else if (_request.Cancelled)
        {
            reply.Abort();
        }
        else
        {
            answer.Fail(error);
            await stream.FlushAsync(reply.Gone);
        }
    }

    private TimeSpan Queued => _request.Queued ?? default;

    /// <param name="prompt">Units of all prompts.</param>
    private AnswerFormat MakeFormat(Units prompt) => _job.Format(new AnswerHead(
        _job.IdPrefix + RequestId.ToString("N"), _job.Decoder.Clock.GetUtcNow().ToUnixTimeSeconds(), _job.Decoder.Name,
        _job.Decoder.Fingerprint, _job.Decoder.Model.WriterFor(_job.Plan.Sampling), prompt)
    {
        Clock = _job.Decoder.Clock,
    });

    private OpenAiError? FindError() => _request.Failure ?? (_request.Cancelled ? ErrorAnswer.Cancelled() : null);

    /// <summary>Runs on a pool thread, when the last row has left and before the reader learns of it.</summary>
    private void OnEnded(GenerationRequest request)
    {
        _scope.Witness(request.Units);
        _scope.NoteEnd(request.Cancelled ? "cancelled" : request.Failure is null ? "ok" : "failed", request.Units);
    }
}
