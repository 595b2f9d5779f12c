using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Memory;

namespace Tollgate.Gateway.Authentication;

/// <summary>
/// How many look-ups of keys that turn out not to exist one address may cause: a bucket that drains in a minute. Look-ups that are under
/// way count as if they failed, so that guesses in parallel get no more than guesses in turn; those of keys that exist wait for each other
/// at most and then cost nothing. IPv6 addresses count by their network of 64 bits. Thread-safe.
/// </summary>
internal sealed class FailureBudget(IOptions<KeyDirectoryOptions> options, TimeProvider clock)
{
    private const int MostAddresses = 100_000;

    /// <summary>How long a look-up waits for others of its address before it is answered as one that cannot be done.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private readonly RecentCache<IPAddress, Budget> _budgets = new(MostAddresses);

    /// <summary>Asks for one look-up; a null answer allows it, and <see cref="Done"/> must follow.</summary>
    /// <returns>What to answer when the address has used up its budget, or when its look-ups do not end.</returns>
    public async ValueTask<OpenAiError?> TakeAsync(IPAddress? address, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(LongestWait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await WaitAsync(address, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return OpenAiError.AuthenticationUnavailable(TimeSpan.FromSeconds(1));
        }
    }

    private async ValueTask<OpenAiError?> WaitAsync(IPAddress? address, CancellationToken cancellationToken)
    {
        var budget = _budgets.SetUnless(NetworkOf(address), new Budget(), keeps: _ => true);
        while (true)
        {
            Task turn;
            lock (budget)
            {
                Drain(budget);
                var most = options.Value.FailuresPerMinute;
                if (budget.Failed > most - 1)
                {
                    return OpenAiError.TooManyUnknownKeys(TimeSpan.FromMinutes((budget.Failed - most + 1) / most));
                }

                if (budget.Failed + budget.UnderWay <= most - 1)
                {
                    budget.UnderWay++;
                    return null;
                }

                turn = budget.NextDone.Task;
            }

            await turn.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The look-up has ended.</summary>
    /// <param name="failed">Whether there is no such key.</param>
    public void Done(IPAddress? address, bool failed)
    {
        var budget = _budgets.SetUnless(NetworkOf(address), new Budget(), keeps: _ => true);
        TaskCompletionSource done;
        lock (budget)
        {
            Drain(budget);
            budget.UnderWay = Math.Max(0, budget.UnderWay - 1); // The memory may have forgotten the address meanwhile.
            budget.Failed += failed ? 1 : 0;
            (done, budget.NextDone) = (budget.NextDone, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        done.SetResult();
    }

    /// <summary>The address, of IPv6 its network of 64 bits; one for all clients without an address.</summary>
    internal static IPAddress NetworkOf(IPAddress? address)
    {
        if (address is not { AddressFamily: AddressFamily.InterNetworkV6 })
        {
            return address ?? IPAddress.None;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private void Drain(Budget budget)
    {
        var now = clock.GetTimestamp();
        var minutes = budget.At == 0 ? 0 : clock.GetElapsedTime(budget.At, now).TotalMinutes;
        budget.Failed = Math.Max(0, budget.Failed - (minutes * options.Value.FailuresPerMinute));
        budget.At = now;
    }

    /// <summary>Of one address; its own lock guards it.</summary>
    private sealed class Budget
    {
        public double Failed { get; set; }

        public int UnderWay { get; set; }

        public long At { get; set; }

        public TaskCompletionSource NextDone { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
