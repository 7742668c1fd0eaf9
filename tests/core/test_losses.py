# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest
import torch

from q2_taxdistill.core.losses import distillation_loss, evidence_loss


class TestEvidenceLoss:
    def test_is_minus_the_log_of_the_expected_likelihood(self):
        rng = np.random.default_rng(1)
        logits, likelihood = rng.normal(size=(5, 7)), rng.random((5, 7)).astype(np.float32)
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        expected = -np.log((probabilities * likelihood).sum(axis=1)).mean()
        assert float(evidence_loss(torch.from_numpy(logits), likelihood)) == pytest.approx(expected, rel=1e-5)

    def test_of_a_label_at_an_inner_node_is_minus_the_log_of_the_mass_under_it(self, noisy):
        tree = noisy.tree
        logits = torch.zeros((1, len(tree)), dtype=torch.float64)
        genus = tree.index[("g0",)]
        under = np.zeros((1, len(tree)), dtype=np.float32)
        under[0, genus : tree.ends[genus]] = 1
        share = (tree.ends[genus] - genus) / len(tree)
        assert float(evidence_loss(logits, under)) == pytest.approx(-np.log(share), rel=1e-5)

    def test_gradients_are_finite_where_the_likelihood_is_zero(self):
        logits = torch.tensor([[100.0, -100.0, 0.0]], requires_grad=True)
        evidence_loss(logits, np.array([[0, 1, 0]], dtype=np.float32)).backward()
        assert torch.isfinite(logits.grad).all()


class TestDistillationLoss:
    def parts(self, seed=1):
        rng = np.random.default_rng(seed)
        logits = rng.normal(size=(4, 6)) * 2
        soft = rng.dirichlet(np.ones(6), 4)
        return logits, rng.random((4, 6)).astype(np.float32), soft.astype(np.float32)

    @pytest.mark.parametrize("temperature", [1.0, 4.0])
    @pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
    def test_is_that_of_the_paper(self, alpha, temperature):
        logits, likelihood, soft = self.parts()

        def softened(values):
            raised = np.exp(np.log(values) / temperature)
            return raised / raised.sum(axis=1, keepdims=True)

        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        teacher, student = softened(soft.astype(float)), softened(probabilities)
        divergence = (teacher * np.log(teacher / student)).sum(axis=1).mean()
        expected = (1 - alpha) * temperature**2 * divergence
        expected += alpha * float(evidence_loss(torch.from_numpy(logits), likelihood))
        found = distillation_loss(torch.from_numpy(logits), likelihood, soft, alpha, temperature)
        assert float(found) == pytest.approx(expected, rel=1e-4)

    @pytest.mark.parametrize("temperature", [1.0, 4.0])
    def test_vanishes_where_student_and_teacher_agree(self, temperature):
        _, likelihood, soft = self.parts()
        logits = torch.tensor(np.log(soft), requires_grad=True)
        loss = distillation_loss(logits, likelihood, soft, 0.0, temperature)
        loss.backward()
        assert float(loss.detach()) == pytest.approx(0, abs=1e-5)
        np.testing.assert_allclose(logits.grad, 0, atol=1e-5)

    def test_takes_soft_labels_with_zeros(self):
        logits = torch.zeros((1, 3), requires_grad=True)
        soft = np.array([[1, 0, 0]], dtype=np.float32)
        distillation_loss(logits, np.ones((1, 3), dtype=np.float32), soft, 0.0, 2.0).backward()
        assert torch.isfinite(logits.grad).all()
