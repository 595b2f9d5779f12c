using System.Buffers.Binary;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;

namespace Tollgate.Accounts.Money;

/// <summary>Form for the amount of a top-up.</summary>
public sealed class TopUpForm
{
    /// <summary>The selected offer in US dollars; 0 for the typed amount.</summary>
    [Range(0, 10_000)]
    public int Amount { get; set; } = 25;

    /// <summary>The typed amount in whole US dollars. Used when no offer is selected.</summary>
    [Range(5, 10_000, ErrorMessage = "5 to 10,000 whole dollars.")]
    public int? Custom { get; set; }

    /// <summary>Created with the page, so a form submitted twice opens one checkout.</summary>
    public Guid RequestId { get; set; }

    /// <summary>
    /// The chosen amount. Null when it is outside 5 to 10,000, and when the selected and the typed amount contradict each other.
    /// </summary>
    public int? Chosen => IsContradictory ? null : (Amount == 0 ? Custom : Amount) is { } usd and >= 5 and <= 10_000 ? usd : null;

    /// <summary>Whether one amount is selected and a different one typed, so either may be meant.</summary>
    public bool IsContradictory => Amount != 0 && Custom is { } typed && typed != Amount;

    /// <summary>
    /// Id of the checkout of <paramref name="amountUsd"/>. A form submitted again yields the same id; a changed amount yields another.
    /// </summary>
    public Guid CheckoutId(int amountUsd)
    {
        Span<byte> named = stackalloc byte[20];
        RequestId.TryWriteBytes(named, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(named[16..], amountUsd);
        return new Guid(SHA256.HashData(named).AsSpan(0, 16), bigEndian: true);
    }
}
