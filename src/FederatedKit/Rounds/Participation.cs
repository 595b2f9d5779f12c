using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Identity;
using Tollgate.FederatedKit.Local;
using Tollgate.FederatedKit.Wire;

namespace Tollgate.FederatedKit.Rounds;

/// <summary>What a participant computes from its own rows.</summary>
internal interface ILocalWork
{
    /// <summary>The participant's numbers of a round, before they are clipped.</summary>
    /// <param name="weights">The layer before the round.</param>
    double[] Compute(double[] weights, int round, CancellationToken cancellationToken);
}

/// <summary>Trains in the rounds of training and counts in the evaluation.</summary>
internal sealed class LocalWork(FederatedTask task, SharedLayer layer, LocalRows rows) : ILocalWork
{
    public double[] Compute(double[] weights, int round, CancellationToken cancellationToken) => task.Evaluates(round)
        ? layer.Count(rows, weights) : layer.Train(rows, weights, round, cancellationToken);
}

/// <summary>Who takes part, with what.</summary>
/// <param name="Number">Among the participants of the task.</param>
/// <param name="Pause">Between two looks at the training.</param>
internal sealed record ParticipantSettings(int Number, ECDsa Identity, RoundMemory Memory, TimeSpan Pause);

/// <summary>Takes part in a training to its end.</summary>
internal sealed class Participation(
    FederatedTask task, ParticipantSettings own, FederatedApi api, ILocalWork work, Action<string> say) : IDisposable
{
    private readonly string _fingerprint = task.Fingerprint();
    private SecureRound? _attempt;
    private (int Round, double[] Numbers)? _computed;

    /// <summary>Runs until the training has ended.</summary>
    /// <returns>How it ended.</returns>
    /// <exception cref="KitException">The API refused, or shows another training.</exception>
    public async Task<FederatedRound> RunAsync(CancellationToken cancellationToken)
    {
        var broken = RoundContext.BeforeRounds(_fingerprint);
        while (true)
        {
            var view = await LookAsync(cancellationToken);
            if (view.Status is not (FederatedStatus.Waiting or FederatedStatus.Running))
            {
                return view;
            }

            var context = new RoundContext(_fingerprint, view.Round, view.Attempt);
            try
            {
                if (!view.HasJoined)
                {
                    await SendAsync(RoundContext.BeforeRounds(_fingerprint), FederatedPhase.Join, [], cancellationToken);
                    continue;
                }

                if (!view.IsDone && context != broken && await AnswerAsync(view, context, cancellationToken))
                {
                    continue;
                }
            }
            catch (ProtocolException exception)
            {
                say($"Round {view.Round}, attempt {view.Attempt}: {exception.Message} Nothing more is sent in this attempt.");
                broken = context;
            }

            await Task.Delay(own.Pause, TimeProvider.System, cancellationToken);
        }
    }

    public void Dispose() => _attempt?.Dispose();

    private async Task<FederatedRound> LookAsync(CancellationToken cancellationToken)
    {
        var view = await api.RoundAsync(own.Number, cancellationToken);
        return view.Task.Fingerprint() == _fingerprint
            ? view : throw new KitException("The API shows another task than the one that you agreed to.");
    }

    /// <summary>Sends what the phase asks for.</summary>
    /// <returns>False where this process lacks the attempt's keys: it began in the middle, and waits for the next attempt.</returns>
    private async Task<bool> AnswerAsync(FederatedRound view, RoundContext context, CancellationToken cancellationToken)
    {
        if (view.Phase == FederatedPhase.Keys)
        {
            await BeginAsync(view, context, cancellationToken);
            return true;
        }

        if (_attempt is not { } attempt || attempt.Context != context)
        {
            return false;
        }

        switch (view.Phase)
        {
            case FederatedPhase.Shares:
                await SendAsync(context, view.Phase, attempt.Shares(view.Keys ?? []), cancellationToken);
                break;
            case FederatedPhase.Masked:
                await SendAsync(context, view.Phase, attempt.Mask(Bounded(view.Round), view.Shares ?? []), cancellationToken);
                break;
            default:
                var shares = attempt.Disclose(view.Masked ?? []);
                own.Memory.Note(_fingerprint, view.Round, view.Attempt);
                await SendAsync(context, view.Phase, shares, cancellationToken);
                break;
        }

        return true;
    }

    private async Task BeginAsync(FederatedRound view, RoundContext context, CancellationToken cancellationToken)
    {
        if (own.Memory.Forbids(_fingerprint, view.Round, view.Attempt))
        {
            throw new ProtocolException("Shares were disclosed in another attempt of this round.");
        }

        if (_computed?.Round != view.Round)
        {
            var weights = MemoryMarshal.Cast<byte, double>(view.Weights ?? []).ToArray();
            if (weights.Length != task.LayerNumbers)
            {
                throw new ProtocolException($"The layer has {weights.Length} numbers, and the task {task.LayerNumbers}.");
            }

            _computed = (view.Round, work.Compute(weights, view.Round, cancellationToken));
        }

        _attempt?.Dispose();
        _attempt = new SecureRound(task, context, own.Number);
        await SendAsync(context, FederatedPhase.Keys, _attempt.Keys(), cancellationToken);
    }

    /// <summary>The numbers of a round within their norm, with this participant's share of the noise.</summary>
    private ulong[] Bounded(int round)
    {
        var numbers = _computed!.Value.Numbers.ToArray();
        var norm = UpdatePrivacy.Clip(numbers, task.BoundOf(round));
        say(task.Evaluates(round)
            ? "Evaluation: sends counts of right and wrong answers, under masks."
            : $"Round {round} of {task.Rounds}: sends an update of norm {norm.ToString("0.000", CultureInfo.InvariantCulture)}, "
                + $"{(norm > task.BoundOf(round) ? "clipped and " : "")}under masks.");
        UpdatePrivacy.AddShareOfNoise(numbers, task.NoiseOf(round), task.Minimum);
        return RingVector.Encode(numbers);
    }

    private async Task SendAsync(RoundContext context, FederatedPhase phase, byte[] payload, CancellationToken cancellationToken)
    {
        if (await api.SendAsync(context.Sign(own.Number, phase, payload, own.Identity), cancellationToken) is { } refusal)
        {
            say($"The message of phase {phase.ToString().ToLowerInvariant()} was not taken: {refusal}.");
        }
    }
}
