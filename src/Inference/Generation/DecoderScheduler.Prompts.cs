using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>
/// How prompts are read: in chunks, one chunk of one prompt a turn. A chunk gives the logits after its last token only. So a prompt whose
/// own log-probabilities are wanted is fed token by token: the first one as a chunk, the others in a decode row, in one step with
/// everybody else's answers.
/// </summary>
internal sealed partial class DecoderScheduler
{
    /// <summary>The least served party's prompt, of one party's the one that waited longest for its turn; a batch's only while none of
    /// live traffic is to be read.</summary>
    /// <param name="part">Of these choices alone.</param>
    private Choice? NextPrefill(SlotPart part)
    {
        if (_slots.Taken == _slots.Decoding)
        {
            return null;
        }

        var first = Party.FirstOf(_slots.Prefilling.Select(choice => choice.Request.Identity.Party));
        lock (_gate)
        {
            return _slots.Prefilling
                .Where(choice => PartOf(choice.Request.Identity.Party) <= part && choice.Request.Identity.Party.MayBegin(first))
                .OrderBy(choice => _line.Shares[choice.Request.Identity.Party]).ThenBy(choice => choice.LastTurn).FirstOrDefault();
        }
    }

    private void PrefillChunk(Choice choice)
    {
        ReusePrefix(choice); // A prompt that began alike may have been read since.
        var prompt = choice.Prompt;
        var length = prompt.Scores is null
            ? _pace.NextChunk(prompt.Tokens.Length - choice.Cached, decoding: _slots.Decoding > 0) : 1;
        choice.LastTurn = _turn;
        if (choice.Request.Cancelled)
        {
            return; // The next turn lets it go.
        }

        var started = Clock.GetTimestamp();
        try
        {
            _engine.Extend(choice.Row, prompt.Tokens.AsSpan(choice.Cached, length), choice.Cached);
        }
        catch (Microsoft.ML.OnnxRuntime.OnnxRuntimeException exception)
        {
            Log.RowFailed(_scope.Logger, exception, _scope.Model, choice.Request.Identity.Id);
            Fail(choice.Request, OpenAiError.ServerError());
            return;
        }

        choice.Cached += length;
        KeepPrefix(choice);
        if (!prompt.Computed)
        {
            choice.Request.CountPrompt(length); // By the chunk: a request that leaves in the middle pays for what was computed.
        }

        _pace.Measured(length, Clock.GetElapsedTime(started));
        if (choice.Cached < prompt.Tokens.Length)
        {
            if (prompt.Scores is not null)
            {
                BeginScoring(choice);
            }

            return;
        }

        choice.Part = PartOf(choice.Request.Identity.Party);
        _slots.Promote(choice);
        NoteRead(choice, _engine.Logits(0));
        Advance(choice, _engine.Logits(0));
        LeaveIfEnded(choice);
    }

    /// <summary>A prompt was read to its end, by a choice that generates now.</summary>
    private void NoteRead(Choice choice, ReadOnlySpan<float> logits)
    {
        var prompt = choice.Prompt;
        lock (_gate)
        {
            prompt.Computing = false;
            if (choice.Request.Waiting.Any(other => other.Prompt == prompt))
            {
                prompt.Logits ??= logits.ToArray();
            }
        }

        prompt.Computed = true;
        prompt.Living.Add(choice);
    }

    /// <summary>The first token of a scored prompt was read.</summary>
    private void BeginScoring(Choice choice)
    {
        choice.Scoring = true;
        Score(choice, _engine.Logits(0));
        choice.Part = PartOf(choice.Request.Identity.Party);
        _slots.Promote(choice);
    }

    /// <summary>Notes the next token of the prompt, which is fed then. True when there is none: the prompt is read.</summary>
    private bool ScoreNext(Choice choice, ReadOnlySpan<float> logits)
    {
        if (!choice.Prompt.Computed)
        {
            choice.Request.CountPrompt(1);
        }

        if (choice.Cached < choice.Prompt.Tokens.Length)
        {
            Score(choice, logits);
            return false;
        }

        choice.Scoring = false;
        NoteRead(choice, logits);
        return true;
    }

    private void Score(Choice choice, ReadOnlySpan<float> logits)
    {
        logits = WithinVocabulary(logits);
        choice.Prompt.Scores!.Note(choice.Cached, logits, _scratch.Span[..logits.Length]);
        choice.LastToken = choice.Prompt.Tokens[choice.Cached];
    }
}
