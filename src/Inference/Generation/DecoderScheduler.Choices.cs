using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>What happens to one choice: its next token, its end, its way out.</summary>
internal sealed partial class DecoderScheduler
{
    /// <summary>Chooses the next token from the logits, or ends the choice. A failure here is the request's own.</summary>
    private void Advance(Choice choice, ReadOnlySpan<float> logits)
    {
        try
        {
            if (choice.Request.Plan.MaxOutput == 0)
            {
                Publish(choice, FinishReason.Length);
                return;
            }

            Publish(choice, ChooseToken(choice, logits));
        }
#pragma warning disable CA1031 // Whatever one row's sampling or text does, the other rows go on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.RowFailed(_scope.Logger, exception, _scope.Model, choice.Request.Identity.Id);
            Fail(choice.Request, OpenAiError.ServerError());
        }
    }

    private FinishReason? ChooseToken(Choice choice, ReadOnlySpan<float> logits)
    {
        var vocabulary = Math.Min(logits.Length, _scope.Tokenizer.VocabularySize);
        var sampled = choice.Sampler.Next(logits[..vocabulary], choice.Generated, _steps.Scratch[..vocabulary]);
        var end = _scope.IsEnd(sampled.Token);
        choice.Note(sampled, visible: !end);
        if (end)
        {
            return FinishReason.Stop;
        }

        choice.LastToken = sampled.Token;
        choice.Generated++;
        choice.Request.CountToken();
        lock (_gate)
        {
            _line.Shares.Charge(choice.Request.Identity.Party, FairShare.OutputWeight);
        }

        choice.Text.Append(_scope.Tokenizer.IsSpecial(sampled.Token) ? [] : _scope.Tokenizer.TokenBytes(sampled.Token));
        if (choice.Text.Stopped)
        {
            return FinishReason.Stop;
        }

        return choice.Prompt.Tokens.Length + choice.Generated >= choice.Reservation ? FinishReason.Length : null;
    }

    private static void Publish(Choice choice, FinishReason? finish)
    {
        choice.Finish = finish;
        var text = finish is null ? choice.Text.Take() : choice.Text.TakeRest();
        if (text.Length > 0 || finish is not null || choice.Generated == 1)
        {
            choice.Request.Publish(new GenerationEvent(choice.Index, text, choice.Text.DeliveredTokens, choice.TakeTokens(), finish));
        }
    }

    private void LeaveIfEnded(Choice choice)
    {
        if (choice.Finish is not null || choice.Request.Failure is not null || choice.Request.Cancelled)
        {
            Leave(choice);
        }
    }

    private void Leave(Choice choice)
    {
        if (choice.Row < 0)
        {
            return;
        }

        var prompt = choice.Prompt;
        var reading = choice.Row >= _slots.Decoding;
        _slots.Leave(choice);
        prompt.Living.Remove(choice);
        lock (_gate)
        {
            prompt.Computing &= !reading;
            _reserved -= choice.Reservation;
            End(choice.Request, choices: 1);
        }
    }

    /// <summary>The request cannot go on: its waiting choices go now, those in slots when the turn lets them go.</summary>
    private void Fail(GenerationRequest request, OpenAiError error)
    {
        lock (_gate)
        {
            if (request.Failure is null && request.Remaining > 0)
            {
                request.Failure = error;
                DropWaiting(request);
            }
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void DropWaiting(GenerationRequest request)
    {
        var count = request.Waiting.Count;
        if (_line.Remove(request))
        {
            End(request, count);
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void End(GenerationRequest request, int choices)
    {
        request.Remaining -= choices;
        if (request.Remaining > 0)
        {
            return;
        }

        request.Deadline?.Dispose();
        _active -= request.Queued is null ? 0 : 1;
        _scope.Quiet.Leave(request.Identity.Party, request.Choices.Count);
        request.End();
    }

    private void Expire(object? state)
    {
        var request = (GenerationRequest)state!;
        lock (_gate)
        {
            if (request.Queued is null && request.Failure is null && request.Remaining > 0)
            {
                request.Failure = OpenAiError.Overloaded(RetryAfter);
                _scope.Metrics.Refused(_scope.Model, "queue_timeout");
                DropWaiting(request);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A turn of model {Model} failed; every request in its slots was ended.")]
        public static partial void TurnFailed(ILogger logger, Exception exception, string model);

        [LoggerMessage(2, LogLevel.Error, "A decode step of model {Model} with {Rows} rows failed; each row is tried alone.")]
        public static partial void StepFailed(ILogger logger, Exception exception, string model, int rows);

        [LoggerMessage(3, LogLevel.Error, "Model {Model} failed on request {Request}, which was ended.")]
        public static partial void RowFailed(ILogger logger, Exception exception, string model, Guid request);
    }
}
