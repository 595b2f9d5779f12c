using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Catalogue;

/// <summary>Another name under which a model may be called, such as <c>gpt-3.5-turbo</c>. Set by the operator.</summary>
internal sealed class ModelAlias
{
    public required string Alias { get; init; }

    /// <summary>The model's real name, which responses contain.</summary>
    public required string Model { get; set; }

    public required DateTimeOffset ChangedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<ModelAlias>
    {
        public void Configure(EntityTypeBuilder<ModelAlias> alias)
        {
            alias.ToTable("model_aliases");
            alias.HasKey(a => a.Alias);
            alias.Property(a => a.Alias).HasMaxLength(100);
            alias.Property(a => a.Model).HasMaxLength(100);
        }
    }
}

/// <summary>A model that no list shows and no request may call.</summary>
internal sealed class HiddenModel
{
    public required string Model { get; init; }

    public required DateTimeOffset HiddenAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<HiddenModel>
    {
        public void Configure(EntityTypeBuilder<HiddenModel> hidden)
        {
            hidden.ToTable("hidden_models");
            hidden.HasKey(h => h.Model);
            hidden.Property(h => h.Model).HasMaxLength(100);
        }
    }
}
