using System.Text;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Generation;

/// <summary>What happens to one choice: its next token, its end, its way out.</summary>
internal sealed partial class DecoderScheduler
{
    /// <summary>Chooses the next token from the logits, or ends the choice. A failure here is the request's own.</summary>
    /// <param name="logits">May be changed.</param>
    private void Advance(Choice choice, Span<float> logits)
    {
        try
        {
            if (choice.Scoring && !ScoreNext(choice, logits))
            {
                return;
            }

            if (choice.Request.Plan.MaxOutput == 0)
            {
                Publish(choice, FinishReason.Length);
            }
            else if (!MustWait(choice, logits))
            {
                Publish(choice, ChooseToken(choice, logits));
            }
        }
        catch (AnswerException exception)
        {
            Fail(choice.Request, exception.Error);
        }
#pragma warning disable CA1031 // Whatever one row's sampling or text does, the other rows go on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.RowFailed(_scope.Logger, exception, _scope.Model, choice.Request.Identity.Id);
            Fail(choice.Request, OpenAiError.ServerError());
        }
    }

    private FinishReason? ChooseToken(Choice choice, Span<float> logits)
    {
        var plan = choice.Request.Plan;
        var (sampled, spent) = TakeAhead(choice) ?? Sample(choice, WithinVocabulary(logits), _scratches[0].Span);
        if (sampled.Token < 0)
        {
            FailWithoutToken(choice);
            return null;
        }

        var stops = plan.StopTokens.Contains(sampled.Token);
        var end = stops || (_scope.IsEnd(sampled.Token) && (!plan.Sampling.IgnoreEos || choice.Constraint is { DecidesEnd: true }));
        var visible = !end || (stops && plan.Sampling.IncludeStop);
        choice.Note(sampled, visible);
        if (!visible)
        {
            ChargeConstraint(choice, spent);
            return FinishReason.Stop;
        }

        AddToken(choice, sampled.Token);
        ChargeConstraint(choice, spent + Accept(choice, sampled.Token));
        return end || choice.Text.Stopped || choice.Constraint is { IsComplete: true } ? FinishReason.Stop
            : choice.Prompt.Tokens.Length + choice.Generated >= choice.Reservation ? FinishReason.Length : null;
    }

    private void AddToken(Choice choice, int token)
    {
        choice.LastToken = token;
        choice.Generated++;
        choice.Request.CountToken();
        lock (_gate)
        {
            _line.Shares.Charge(choice.Request.Identity.Party, FairShare.OutputWeight);
        }

        var sampling = choice.Request.Plan.Sampling;
        var written = WriteToken(choice, token);
        var bytes = !_scope.Tokenizer.IsSpecial(token) ? written
            : choice.Request.Plan.ReadTokens?.GetValueOrDefault(token) is { } text ? text
            : sampling.SkipSpecialTokens ? [] : Encoding.UTF8.GetBytes(_scope.Tokenizer.SpecialText(token));
        choice.Text.Append(bytes, mayStop: choice.Generated > sampling.MinTokens);
    }

    /// <summary>The bytes that a choice's next token adds to its text. Behind a constraint, or where calls are read, they are those of the
    /// token alone: what reads along counts them.</summary>
    private ReadOnlySpan<byte> WriteToken(Choice choice, int token)
    {
        if (choice.Writer is not { } writer)
        {
            writer = new TokenWriter(_scope.Tokenizer);
            writer.Skip(choice.Prompt.Tokens);
        }

        var bytes = writer.Write(token);
        choice.Writer = writer;
        return choice.Constraint is null && choice.Request.Plan.ReadTokens is null ? bytes : _scope.Tokenizer.TokenBytes(token);
    }

    /// <summary>Every token is impossible. Members of the request did that, or else it is the server's fault.</summary>
    private void FailWithoutToken(Choice choice)
    {
        if (TokenRules.IsEmpty(choice.Request.Plan))
        {
            throw new InvalidDataException("No token is possible.");
        }

        Fail(choice.Request, OpenAiError.NoTokenLeft());
    }

    private static void Publish(Choice choice, FinishReason? finish)
    {
        choice.Finish = finish;
        var text = finish is null ? choice.Text.Take() : choice.Text.TakeRest();
        if (text.Length > 0 || finish is not null || choice.Generated == 1)
        {
            choice.Request.Publish(new GenerationEvent(choice.Index, text, choice.Text.DeliveredTokens, choice.TakeTokens(), finish)
            {
                StoppedBy = finish is null ? null : choice.Text.StoppedBy,
                PromptTokens = choice.TakePromptTokens(),
            });
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
        var reading = choice.Row >= _slots.Decoding || choice.Scoring;
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
